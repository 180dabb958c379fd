// The tail of the change log. It alone moves the ReadModel and the ChangeFeed, strictly row by row.
//
// Each row must follow the newest known one: next revision, same epoch or a later one, right chain. A row
// comes in by one of two ways:
//
//   offer      the committer's own row, with the states before and after it. The caller's thread tells the
//              subscribers, and nothing is read.
//   the store  everything else: rows of another process, rows after a gap, and rows whose `offer` failed. The
//              tail reads them with its own Reader, on its own thread: after `notice`, and once per `poll`.
//              An idle poll asks the store for one number.
//
// Moving is all or nothing: `prepare` allocates everything, so `offer` fails only before it has changed
// anything. After a failure the tail's thread tries again, with a pause that doubles up to `longest_pause`.
// Environments that another process made are loaded in the same way. A tail that is so far behind that
// another process has removed the next row from the log loads the environment again, and tells of its newest
// row alone. An environment with a later epoch is loaded again, too, and told as one that begins (feed.hpp):
// its history may have forked, so its revision may be lower than before.
//
// Thread rule: `start` and `stop` by the owner; everything else from any thread, but not from a listener of
// the feed. Metrics: `togglecast_commits_total`, `togglecast_revision`, `togglecast_tail_failures_total`.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "changes/feed.hpp"
#include "changes/read_model.hpp"
#include "observe/log.hpp"
#include "observe/metrics.hpp"
#include "storage/reader.hpp"

namespace togglecast::changes {

struct TailOptions {
  Milliseconds poll{1'000};  ///< between two questions whether the store has changed; up to a tenth less
  Milliseconds first_pause{10};
  Milliseconds longest_pause{1'000};
  Milliseconds between_asked{50};  ///< looks that strangers can cause
};

/// Follows what lies beside the change log in the same store, with the tail's reader and on its thread.
class TailFollower {
 public:
  virtual ~TailFollower() = default;
  /// The store may have changed. An error is treated as one of the log: it is logged and tried again.
  [[nodiscard]] virtual Result<void> follow(storage::Reader& reader) = 0;
  /// At least once per `poll`, whether or not the store has changed.
  virtual void tick() noexcept = 0;
};

class Tail {
 public:
  /// All references must outlive it.
  Tail(ReadModel& model, ChangeFeed& feed, std::unique_ptr<storage::Reader> reader, observe::Log& log,
       observe::Metrics& metrics, const TailOptions& options = {});
  ~Tail() { stop(); }
  Tail(const Tail&) = delete;
  Tail& operator=(const Tail&) = delete;

  /// Before `follow` and `start`. `follower` must outlive the tail's thread.
  void also_follow(TailFollower& follower) noexcept { follower_ = &follower; }
  /// Reads everything that the read model lacks: whole environments and single rows.
  [[nodiscard]] Result<void> follow();
  void start();
  /// Ends the thread. The other calls still work.
  void stop();

  /// Everything that `offer` needs for this row: its impact, and all memory. May throw.
  [[nodiscard]] static ChangeFeed::Prepared prepare(domain::LogRow row, domain::SnapshotPtr before,
                                                    domain::SnapshotPtr after);
  /// Takes a committed row: moves the read model and tells the subscribers. If that fails, or if there is a
  /// gap, the tail's thread takes the row from the store.
  void offer(ChangeFeed::Prepared row) noexcept;

  /// Takes `rows`, reads what they lack until `head`, the newest of the store while the caller has the
  /// transaction, and answers that state. `unavailable` when the log of the store does not continue the known
  /// one: once a new epoch has begun, it is taken.
  [[nodiscard]] Result<domain::SnapshotPtr> catch_up(const std::string& environment, const domain::Head& head,
                                                     std::vector<domain::LogRow> rows = {});
  /// Another process says that it wrote. Looks into the store now.
  void notice() noexcept;
  /// Runs `then` on the tail's thread after a look into the store that begins after this call. `complete`:
  /// the read model has all that the store had, and the subscribers have been told. Looks that are asked for
  /// in this way begin `between_asked` apart. False, and it never runs, when too many wait, or without the
  /// tail's thread.
  [[nodiscard]] bool look_then(std::function<void(bool complete)> then);
  /// Waits until the read model has `revision` and the subscribers have been told; false after `longest`.
  [[nodiscard]] bool reaches(const std::string& environment, domain::Revision revision,
                             Milliseconds longest) const;

  /// The last failure to read or take rows, unless it has worked since.
  [[nodiscard]] Result<void> health() const;

 private:
  void run();
  // One look at the store; false when something is left to do.
  bool look(bool noticed) noexcept;
  // What one of them throws is counted as a failure.
  void answer(const std::vector<std::function<void(bool)>>& asked, bool done) noexcept;
  // These need `reading_`.
  [[nodiscard]] Result<void> follow_all();
  [[nodiscard]] Result<void> follow_one(const storage::Environment& environment);
  [[nodiscard]] Result<void> read_rows(const std::string& environment);
  [[nodiscard]] Result<void> add(const std::string& environment);
  [[nodiscard]] Result<Ring> load_ring(const std::string& environment);
  // The environment has a later epoch: takes the whole state.
  [[nodiscard]] Result<void> adopt(const std::string& environment);
  // The rows that follow are no longer kept: takes the whole state instead.
  [[nodiscard]] Result<void> jump(const std::string& environment);
  [[nodiscard]] Result<void> take(domain::LogRow row);
  // As far as they follow, within the epoch. Needs nothing.
  void take_following(std::vector<domain::LogRow> rows);
  // Needs `mutex_`. Throws before it has changed anything, or not at all.
  void move(ChangeFeed::Prepared row);
  void wake() noexcept;
  [[nodiscard]] Milliseconds next_poll();
  void failed(const Error& error) noexcept;
  void worked();

  ReadModel& model_;
  ChangeFeed& feed_;
  observe::Log& log_;
  observe::Metrics& metrics_;
  TailOptions options_;
  observe::Counter& commits_;
  observe::Counter& failures_;
  std::minstd_rand jitter_;

  std::mutex reading_;  // taken before mutex_
  std::unique_ptr<storage::Reader> reader_;
  std::optional<std::int64_t> seen_version_;
  TailFollower* follower_ = nullptr;

  mutable std::mutex mutex_;
  mutable std::condition_variable moved_;
  std::condition_variable wake_;
  std::map<std::string, observe::Gauge*, std::less<>> revisions_;
  bool started_ = false;
  bool stopping_ = false;
  bool noticed_ = false;
  std::vector<std::function<void(bool)>> askers_;
  std::chrono::steady_clock::time_point next_asked_{};
  std::thread thread_;

  mutable std::mutex health_mutex_;
  std::optional<Error> last_failure_;
};

}  // namespace togglecast::changes
