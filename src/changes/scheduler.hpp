// Writes the changes that time makes due: one thread for all environments, which sleeps until something is
// due.
//
//   scheduler.catch_up();   // before serving: what became due while the server was down, one commit each
//   scheduler.start();
//
// Nothing is written twice: a commit is built against exactly the state before it. So a change that another
// commit or another node has already made is not made again. The thread writes only while this node does the
// upkeep (upkeep.hpp), and each of its writes needs that lease. The thread wakes at commits and new
// environments. It looks at the wall clock at least once a minute, so it notices a clock that jumps.
// Thread rule: `catch_up` before `start` and before the committer's `start`; `look` from any thread; `stop`
// before the committer stops.
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
#include "changes/upkeep.hpp"
#include "observe/log.hpp"

namespace togglecast::changes {

class Scheduler {
 public:
  Scheduler(Committer& committer, const ReadModel& model, ChangeFeed& feed, const Upkeep& upkeep,
            const Clock& clock, observe::Log& log)
      : committer_(committer), model_(model), feed_(feed), upkeep_(upkeep), clock_(clock), log_(log) {}
  ~Scheduler() { stop(); }
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  [[nodiscard]] Result<void> catch_up();
  void start();
  void stop();
  /// Looks now, for example after somebody has set the clock.
  void look();

 private:
  struct Watch {
    bool writing = false;
    UnixMillis looked_for_drift{};
    TimePoint not_before{};  // after a failure; not by the wall clock, which may be set back
    Milliseconds pause{0};
  };

  void run();
  // One look at all environments; answers how long to sleep.
  [[nodiscard]] Milliseconds look_at_all(std::unique_lock<std::mutex>& lock);
  // Writes what is due in `environment`; answers when to look again.
  [[nodiscard]] UnixMillis attend(std::unique_lock<std::mutex>& lock, const std::string& environment);
  void write(std::unique_lock<std::mutex>& lock, const std::string& environment,
             std::optional<domain::Revision> drifted);
  void written(const std::string& environment, const Result<Written>& written);

  Committer& committer_;
  const ReadModel& model_;
  ChangeFeed& feed_;
  const Upkeep& upkeep_;
  const Clock& clock_;
  observe::Log& log_;

  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  bool look_ = false;
  bool was_behind_ = false;  // the clock, behind the newest change
  std::map<std::string, Watch> watches_;
  std::thread thread_;
  ChangeFeed::Subscription subscription_;
};

}  // namespace togglecast::changes
