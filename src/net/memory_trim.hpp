// Gives memory back to the system after many connections have come or gone: what their handshakes used lies
// free in the heap then, a kilobyte or two for each, and the heap does not shrink by itself. The work takes
// about a millisecond per ten megabytes that are free. Thread rule: constructed and destroyed while the pool
// does not run.
#pragma once

#include <atomic>
#include <cstdint>

#include "net/shard_pool.hpp"

namespace togglecast::net {

struct MemoryTrimOptions {
  Milliseconds every{30'000};
  std::uint64_t connections = 1'000;  ///< that must have come or gone since the last time
};

class MemoryTrim {
 public:
  explicit MemoryTrim(ShardPool& shards, MemoryTrimOptions options = {});
  MemoryTrim(const MemoryTrim&) = delete;
  MemoryTrim& operator=(const MemoryTrim&) = delete;
  ~MemoryTrim() = default;

  /// How often it was done; for any thread.
  [[nodiscard]] std::uint64_t trims() const noexcept { return trims_.load(std::memory_order_relaxed); }

 private:
  void look();
  /// Connections that have come, plus those that have gone.
  [[nodiscard]] std::uint64_t changes() const;

  ShardPool& shards_;
  MemoryTrimOptions options_;
  CallbackTimer timer_;
  std::uint64_t seen_ = 0;
  int looks_left_ = 0;
  std::atomic<std::uint64_t> trims_{0};
};

}  // namespace togglecast::net
