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
#include "domain/change.hpp"
#include "domain/snapshot.hpp"
#include "observe/log.hpp"
#include "observe/metrics.hpp"
#include "service/feed.hpp"
#include "service/read_model.hpp"
#include "storage/store.hpp"

namespace togglecast::service {

/// The state that a change is built against, and what the change will carry.
class WriteContext {
 public:
  WriteContext(const domain::Snapshot& state, UnixMillis at, storage::WriteTransaction& transaction)
      : state_(state), at_(at), transaction_(transaction) {}

  [[nodiscard]] const domain::Snapshot& state() const noexcept { return state_; }
  [[nodiscard]] domain::Revision revision() const noexcept { return state_.revision() + 1; }
  [[nodiscard]] UnixMillis at() const noexcept { return at_; }
  /// An id that was never used before.
  [[nodiscard]] Result<domain::Id> next_id(domain::Kind kind);
  /// What `revision` did; `not_found` without such a revision.
  [[nodiscard]] Result<domain::LogRow> row(domain::Revision revision) { return transaction_.row(revision); }
  /// The revision that touched this entity last; 0 when none did.
  [[nodiscard]] Result<domain::Revision> last_touched(domain::Kind kind, domain::Id id) {
    return transaction_.last_touched(kind, id, state_.revision());
  }

 private:
  const domain::Snapshot& state_;
  UnixMillis at_;
  storage::WriteTransaction& transaction_;
  std::map<domain::Kind, domain::Id> last_;
};

/// What a write comes to. Without ops nothing changes and there is no revision, unless time itself is the
/// change.
struct Draft {
  domain::Kind kind = domain::Kind::platform;  ///< of the entity that the write is about …
  domain::Id id = 0;                           ///< … and its id
  std::vector<domain::Op> ops;
  std::vector<storage::SecretWrite> secrets;
  bool tick = false;  ///< a revision even without ops: `as_of` moves on
};

/// Runs on the writer's thread; refuses by an error.
using Build = std::function<Result<Draft>(WriteContext& context)>;

struct WriteRequest {
  std::string environment;
  json::object actor;
  std::optional<storage::IdempotencyKey> idempotency;
  Build build;
  bool time_first = true;  ///< what is due is written before
};

struct Written {
  domain::Kind kind = domain::Kind::platform;
  domain::Id id = 0;
  json::value body;  ///< the entity as this write left it; null when it is gone
  domain::Revision revision = 0;
  bool changed = false;   ///< false: all was already as asked
  bool replayed = false;  ///< the request was answered before, under the same idempotency key
};
using Done = std::function<void(Result<Written> written)>;

struct WriterOptions {
  std::size_t queue = 1'024;  ///< writes that wait
  Milliseconds look{5'000};   ///< between looks whether the store is still in place …
  Milliseconds retry{1'000};  ///< … and, after it failed, between tries whether it works again
};

class Writer {
 public:
  Writer(storage::Store& store, ReadModel& model, ChangeFeed& feed, const Clock& clock, observe::Log& log,
         observe::Metrics& metrics, const WriterOptions& options = {});
  ~Writer() { stop(); }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

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
  WriterOptions options_;
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

}  // namespace togglecast::service
