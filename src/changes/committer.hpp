// The committer: one thread that owns the store and makes every change. The life of a write:
//
//   submit → take the counter row → the tail catches up with it → answer a repeated request, or build the
//   change against exactly the state before it → validate → prepare all that follows the commit → commit →
//   the tail moves the read model and tells the subscribers → `done`
//
// Changes that time makes due (timed_changes.hpp) are revisions of their own. If a request arrives before the
// scheduler has written a due change, the committer writes the due change first.
//
// The answer is the truth. Once the commit has happened, the answer is the written revision, even if an
// exception follows; it waits up to `visible` until the read model has that revision. When the store reports
// a failure of the commit, the committer looks into the log. If the store does not answer, the error is
// `unavailable` and says that the change may exist.
//
// Thread rule: `submit` and `add_environment` from any thread. `done` is called exactly once: on the
// committer's thread, or within the call when the queue is full or the committer has stopped. It must return
// at once. If it throws, that is logged and counted.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <variant>

#include "base/clock.hpp"
#include "base/sha256.hpp"
#include "changes/read_model.hpp"
#include "changes/store_watch.hpp"
#include "changes/tail.hpp"
#include "changes/write_request.hpp"
#include "observe/log.hpp"
#include "observe/metrics.hpp"
#include "storage/store.hpp"

namespace togglecast::changes {

struct CommitterOptions {
  std::size_t queue = 1'024;    ///< writes that wait; a full queue refuses
  Milliseconds visible{1'000};  ///< how long an answer waits for the read model
  StoreWatchOptions watch{};
};

class Committer {
 public:
  using EnvironmentDone = std::function<void(Result<void> added)>;

  Committer(storage::Store& store, const ReadModel& model, Tail& tail, const Clock& clock, observe::Log& log,
            observe::Metrics& metrics, const CommitterOptions& options = {});
  ~Committer() { stop(); }
  Committer(const Committer&) = delete;
  Committer& operator=(const Committer&) = delete;

  /// Before `start`: writes at once, on the caller's thread.
  [[nodiscard]] Result<Written> perform(const WriteRequest& request);

  void start();
  /// `unavailable` when too many writes wait.
  void submit(WriteRequest request, Done done);
  /// Makes an environment and waits until the read model has it. `genesis` is random. `already_exists` when
  /// the key is taken, `invalid_argument` when it is no key.
  void add_environment(std::string key, const Sha256& genesis, EnvironmentDone done);
  /// Finishes all accepted writes and refuses later ones.
  void stop();

  /// The last failure of the store, unless it has worked since. After a failure the store is tried again even
  /// when nobody writes.
  [[nodiscard]] Result<void> health() const { return watch_.health(); }

 private:
  struct Write {
    WriteRequest request;
    Done done;
  };
  struct NewEnvironment {
    std::string key;
    Sha256 genesis{};
    EnvironmentDone done;
  };
  using Job = std::variant<Write, NewEnvironment>;

  void run();
  // Moves `job` away only when there is room.
  [[nodiscard]] bool enqueue(Job& job);
  void carry_out(const Write& job) noexcept;
  void carry_out(const NewEnvironment& job) noexcept;
  template <typename T>
  void answer(const std::function<void(Result<T>)>& done, Result<T> result) noexcept;
  void answer_failed(const char* message) noexcept;

  [[nodiscard]] Result<void> catch_up_all();
  [[nodiscard]] Result<void> make_environment(const std::string& key, const Sha256& genesis);
  [[nodiscard]] Result<Written> write(const WriteRequest& request);
  [[nodiscard]] Result<Written> write_after_time(WriteRequest request);
  using Transaction = std::unique_ptr<storage::WriteTransaction>;
  // The remembered answer when this request repeats an earlier one.
  [[nodiscard]] Result<std::optional<Written>> repeated(storage::WriteTransaction& transaction,
                                                        const WriteRequest& request);
  [[nodiscard]] Result<Written> from_log(storage::WriteTransaction& transaction,
                                         const storage::Outcome& outcome);
  [[nodiscard]] Result<Written> commit(Transaction transaction, const WriteRequest& request,
                                       const domain::SnapshotPtr& state, Draft draft, UnixMillis at);
  [[nodiscard]] Result<Written> remember_only(storage::WriteTransaction& transaction,
                                              const WriteRequest& request, const storage::Outcome& outcome,
                                              Written written, UnixMillis at);
  // After a commit that reported a failure: looks into the log whether it happened.
  [[nodiscard]] Result<Written> find_out(const CommitPtr& wanted, Written written,
                                         const Error& error) noexcept;
  void wait_until_visible(const std::string& environment, domain::Revision revision) noexcept;
  [[nodiscard]] tl::unexpected<Error> not_built(const Error& error);

  storage::Store& store_;
  const ReadModel& model_;
  Tail& tail_;
  const Clock& clock_;
  observe::Log& log_;
  CommitterOptions options_;
  observe::Counter& refused_;
  observe::Counter& answers_failed_;
  observe::Histogram& commit_seconds_;
  observe::Gauge& waiting_;
  StoreWatch watch_;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> jobs_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace togglecast::changes
