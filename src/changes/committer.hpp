// The committer: one thread that owns the store and makes every change, one after the other. Writes that wait
// behind each other share a transaction. The steps of a
// write are in commit_pipeline.hpp.
//
// Thread rule: `submit` and `add_environment` from any thread. `done` is called exactly once: on the
// committer's thread, or within the call when the queue is full or the committer has stopped. It must return
// at once. If it throws, that is logged and counted.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "base/clock.hpp"
#include "base/digest.hpp"
#include "changes/commit_pipeline.hpp"
#include "observe/log.hpp"
#include "observe/metrics.hpp"
#include "storage/store.hpp"

namespace togglecast::changes {

struct CommitterOptions {
  std::size_t queue = 1'024;  ///< writes that wait; a full queue refuses
  CommitPipelineOptions pipeline{};
};

/// With as many rows as a step removes, pruning outruns the writes.
inline constexpr std::size_t kWritesPerPruneStep = 16;
/// Writes that wait share a transaction, so many at most: other nodes wait for its end.
inline constexpr std::size_t kWritesTogether = 16;

class Committer {
 public:
  using EnvironmentDone = std::function<void(Result<void> added)>;
  using StoreTask = std::function<void(storage::Store& store)>;

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
  /// Removes the rows of the environment's log up to `until`, in small steps: one whenever no write waits,
  /// and one after every `kWritesPerPruneStep` writes. So a write waits for one step at most. It replaces an
  /// earlier call for the environment.
  void prune(const std::string& environment, domain::Revision until);
  /// For what is kept beside the catalogue: runs `task` on the committer's thread, between two writes. False
  /// when too much waits, or after `stop`: then it never runs. An exception of the task is logged.
  [[nodiscard]] bool submit_task(StoreTask task);
  /// Finishes all accepted writes and refuses later ones. What is left of a pruning stays undone.
  void stop();

  /// The last failure of the store, unless it has worked since. After a failure the store is tried again even
  /// when nobody writes.
  [[nodiscard]] Result<void> health() const { return pipeline_.watch().health(); }

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
  struct PruneStep {
    std::string environment;
    domain::Revision until = 0;
  };
  using Writes = std::vector<Write>;  // of one environment
  using Job = std::variant<Write, Writes, NewEnvironment, PruneStep, StoreTask>;

  void run();
  // Needs `mutex_`.
  [[nodiscard]] std::optional<Job> next_job();
  // Takes the writes that may share the transaction of `first`. Needs `mutex_`.
  [[nodiscard]] Job with_those_behind(Write first);
  // Moves `job` away only when there is room.
  [[nodiscard]] bool enqueue(Job& job);
  void carry_out(const Write& job) noexcept;
  void carry_out(const Writes& job) noexcept;
  void carry_out(const NewEnvironment& job) noexcept;
  void carry_out(const PruneStep& job) noexcept;
  void carry_out(const StoreTask& task) noexcept;
  template <typename T>
  void answer(const std::function<void(Result<T>)>& done, Result<T> result) noexcept;
  void answer_failed(const char* message) noexcept;

  storage::Store& store_;
  observe::Log& log_;
  std::size_t queue_bound_;
  observe::Counter& refused_;
  observe::Counter& answers_failed_;
  observe::Gauge& waiting_;
  CommitPipeline pipeline_;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> jobs_;
  std::map<std::string, domain::Revision> prunings_;  // what is to do, by environment
  std::size_t writes_since_prune_step_ = 0;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace togglecast::changes
