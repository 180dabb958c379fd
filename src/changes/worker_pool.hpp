// A few threads for slow work, such as password hashing and reading the store. Bounded: a full queue refuses.
// Thread rule: `submit` from any thread; `stop` once, by the owner.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/error.hpp"

namespace togglecast::changes {

struct WorkerPoolOptions {
  std::size_t threads = 2;
  std::size_t queue = 64;  ///< tasks that wait
  /// Gets the message of an exception that a task threw. The task is dropped, and the pool goes on.
  std::function<void(std::string_view message)> on_failure{};
};

class WorkerPool {
 public:
  using Task = std::function<void()>;

  explicit WorkerPool(const WorkerPoolOptions& options = {});
  ~WorkerPool() { stop(); }
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// False when the queue is full or the pool is stopped; the task is then dropped.
  [[nodiscard]] bool submit(Task task);
  /// Finishes all accepted tasks.
  void stop();

 private:
  void run();

  const std::size_t queue_bound_;
  const std::function<void(std::string_view)> on_failure_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Task> tasks_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

/// The answer when `submit` refused: `unavailable`, with a retry after one second.
[[nodiscard]] tl::unexpected<Error> busy(std::string message);

}  // namespace togglecast::changes
