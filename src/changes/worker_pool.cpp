#include "changes/worker_pool.hpp"

#include <exception>
#include <utility>

namespace togglecast::changes {

WorkerPool::WorkerPool(const WorkerPoolOptions& options)
    : queue_bound_(options.queue), on_failure_(options.on_failure) {
  threads_.reserve(options.threads);
  for (std::size_t i = 0; i < options.threads; ++i) threads_.emplace_back([this] { run(); });
}

bool WorkerPool::submit(Task task) {
  {
    const std::scoped_lock lock(mutex_);
    if (stopping_ || tasks_.size() >= queue_bound_) return false;
    tasks_.push_back(std::move(task));
  }
  wake_.notify_one();
  return true;
}

void WorkerPool::stop() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

void WorkerPool::run() {
  for (;;) {
    Task task;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
      if (tasks_.empty()) return;
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    try {
      task();
    } catch (const std::exception& error) {
      if (on_failure_) on_failure_(error.what());
    }
  }
}

tl::unexpected<Error> busy(std::string message) {
  Error error{Errc::unavailable, std::move(message), {}};
  error.retry_after = std::chrono::seconds{1};
  return tl::unexpected(std::move(error));
}

}  // namespace togglecast::changes
