// Gives memory back to the system: after many connections have come or gone, whose handshakes leave a
// kilobyte or two each in the heap, and after a burst, such as answers that waited. The heap does not shrink
// by itself. A trim takes about a millisecond per ten megabytes of free memory, so it runs on a thread of its
// own, which serves no connection.
//
// Thread rule: one thread constructs and destroys it; `trims` is for any thread.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>

#include "base/clock.hpp"
#include "net/shard_pool.hpp"
#include "net/trim_schedule.hpp"

namespace togglecast::net {

struct MemoryTrimOptions {
  Milliseconds every{30'000};         ///< from one look at the counters to the next
  std::uint64_t connections = 1'000;  ///< that must have come or gone since the last trim
  std::size_t idle_bytes =
      16 * 1024 * 1024;                 ///< resident and used by nothing, beyond what the last trim left
  std::function<void()> trim{};         ///< empty: malloc_trim
  std::function<std::size_t()> idle{};  ///< the bytes that are idle now; empty: asks the system and the heap
};

class MemoryTrim {
 public:
  /// Starts the thread. The pool must outlive this object; it need not run.
  explicit MemoryTrim(const ShardPool& shards, MemoryTrimOptions options = {});
  MemoryTrim(const MemoryTrim&) = delete;
  MemoryTrim& operator=(const MemoryTrim&) = delete;
  /// Waits for a trim that has begun.
  ~MemoryTrim();

  /// How often memory was given back.
  [[nodiscard]] std::uint64_t trims() const noexcept { return trims_.load(std::memory_order_relaxed); }

 private:
  void run();
  void look();

  const ShardPool& shards_;
  MemoryTrimOptions options_;
  TrimSchedule schedule_;  // of the thread
  std::atomic<std::uint64_t> trims_{0};
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace togglecast::net
