// The one writer: a thread that owns the store. The life of a write:
//
//   submit → take the counter row → follow rows not yet seen → replay a repeated request, or build the change
//   against exactly the state before it → commit → the read model swaps → the feed tells → `done` answers
//
// What time brings (passing_time.hpp) is a revision of its own: where it is due, it is written before what
// was asked for, however late the timer is.
//
// Thread rule: `submit` from any thread. `done` is called exactly once: on the writer's thread, or, when the
// queue is full or the writer stopped, within `submit`. It must return at once: entrances post to their
// shard.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "changes/feed.hpp"
#include "changes/read_model.hpp"
#include "changes/write_request.hpp"
#include "domain/state/change.hpp"
#include "domain/state/snapshot.hpp"
#include "observe/log.hpp"
#include "observe/metrics.hpp"
#include "storage/store.hpp"

namespace togglecast::changes {

struct CommitterOptions {
  std::size_t queue = 1'024;  ///< writes that wait
  Milliseconds look{5'000};   ///< between looks whether the store is still in place …
  Milliseconds retry{1'000};  ///< … and, after it failed, between tries whether it works again
};

class Committer {
 public:
  Committer(storage::Store& store, ReadModel& model, ChangeFeed& feed, const Clock& clock, observe::Log& log,
            observe::Metrics& metrics, const CommitterOptions& options = {});
  ~Committer() { stop(); }
  Committer(const Committer&) = delete;
  Committer& operator=(const Committer&) = delete;

  /// Before `start`: writes at once, on the caller's thread.
  [[nodiscard]] Result<Written> perform(const WriteRequest& request);

  void start();
  /// `unavailable` when too many writes wait.
  void submit(WriteRequest request, Done done);
  /// Finishes what was accepted; what comes later is refused.
  void stop();

  /// The store's last failure, unless it has worked since. It is tried again even when nobody writes.
  [[nodiscard]] Result<void> health() const;

 private:
  struct Job {
    WriteRequest request;
    Done done;
  };

  void run();
  void look_after_store();
  [[nodiscard]] Result<void> try_out_store();
  [[nodiscard]] Result<Written> write(const WriteRequest& request);
  [[nodiscard]] Result<Written> write_after_time(WriteRequest request);
  [[nodiscard]] Result<domain::SnapshotPtr> follow(storage::WriteTransaction& transaction,
                                                   domain::SnapshotPtr state);
  [[nodiscard]] Result<Written> replay(storage::WriteTransaction& transaction,
                                       const storage::Outcome& outcome);
  [[nodiscard]] Result<Written> commit(storage::WriteTransaction& transaction, const WriteRequest& request,
                                       const domain::SnapshotPtr& state, Draft draft, UnixMillis at);
  void publish(domain::LogRow row, domain::SnapshotPtr before, domain::SnapshotPtr after);
  void note_revision(const domain::Snapshot& state);
  // Logs, remembers for `health`, and answers what the asker may know.
  [[nodiscard]] tl::unexpected<Error> store_failed(const Error& error);
  void store_worked();

  storage::Store& store_;
  ReadModel& model_;
  ChangeFeed& feed_;
  const Clock& clock_;
  observe::Log& log_;
  observe::Metrics& metrics_;
  CommitterOptions options_;
  observe::Counter& commits_;
  observe::Counter& failures_;
  observe::Counter& refused_;
  observe::Histogram& commit_seconds_;
  observe::Gauge& waiting_;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> jobs_;
  bool stopping_ = false;
  std::thread thread_;

  mutable std::mutex health_mutex_;
  std::optional<Error> last_failure_;
};

}  // namespace togglecast::changes
