// Turns the passing of time into commits: one timer for all environments, which sleeps until something is
// due.
//
//   keeper.catch_up();   // before serving: what became due while nobody was there, in one commit each
//   keeper.start();
//
// Exactly once: a commit is built against exactly the state before it, so that what another commit, another
// node or an earlier attempt took care of is not done again. It wakes at commits and looks at the wall clock
// at least once a minute, so that a clock that jumps is noticed. Thread rule: `catch_up` before `start` and
// before the writer's; `look` from any thread; `stop` before the writer stops.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "base/clock.hpp"
#include "changes/committer.hpp"
#include "changes/feed.hpp"
#include "changes/read_model.hpp"
#include "observe/log.hpp"

namespace togglecast::changes {

class Scheduler {
 public:
  Scheduler(Committer& writer, const ReadModel& model, ChangeFeed& feed, const Clock& clock,
            observe::Log& log)
      : committer_(writer), model_(model), feed_(feed), clock_(clock), log_(log) {}
  ~Scheduler() { stop(); }
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  [[nodiscard]] Result<void> catch_up();
  void start();
  void stop();
  /// Looks again now, as when the clock was set.
  void look();

 private:
  struct Watch {
    bool writing = false;
    UnixMillis looked_for_drift{};
    TimePoint not_before{};  // after a failure; not by the wall clock, which may be set back
    Milliseconds pause{0};
  };

  void run();
  // Does what is due in `environment`; answers when to look again.
  [[nodiscard]] UnixMillis attend(std::unique_lock<std::mutex>& lock, const std::string& environment);
  void write(std::unique_lock<std::mutex>& lock, const std::string& environment,
             std::optional<domain::Revision> drifted);
  void written(const std::string& environment, const Result<Written>& written);

  Committer& committer_;
  const ReadModel& model_;
  ChangeFeed& feed_;
  const Clock& clock_;
  observe::Log& log_;

  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  bool look_ = false;
  std::map<std::string, Watch> watches_;
  std::thread thread_;
  ChangeFeed::Subscription subscription_;
};

}  // namespace togglecast::changes
