// A thread that reads log pages and secrets from the store, next to the committer's thread and never on a
// shard. Thread rule: `submit` from any thread; the task runs on the reader's thread.
#pragma once

#include <functional>
#include <memory>

#include "changes/worker_pool.hpp"
#include "storage/store.hpp"

namespace togglecast::changes {

class StoreReader {
 public:
  using Task = std::function<void(storage::Reader& reader)>;

  StoreReader(std::unique_ptr<storage::Reader> reader,
              std::function<void(std::string_view message)> on_failure)
      : reader_(std::move(reader)),
        pool_({.threads = 1, .queue = kQueue, .on_failure = std::move(on_failure)}) {}

  /// False when too many tasks wait.
  [[nodiscard]] bool submit(Task task) {
    return pool_.submit([this, task = std::move(task)] { task(*reader_); });
  }
  void stop() { pool_.stop(); }

 private:
  static constexpr std::size_t kQueue = 256;

  std::unique_ptr<storage::Reader> reader_;
  WorkerPool pool_;
};

}  // namespace togglecast::changes
