// Real time that a test can leap over. What ends after minutes ends at once, and on a busy machine nothing
// ends too early.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "base/clock.hpp"
#include "net/shard_pool.hpp"

namespace togglecast::test {

class LeapingClock final : public Clock {
 public:
  [[nodiscard]] TimePoint now() const noexcept override { return real_.now() + Milliseconds{leapt_.load()}; }
  [[nodiscard]] UnixMillis wall_now() const noexcept override {
    return {real_.wall_now().value + leapt_.load()};
  }
  [[nodiscard]] std::optional<std::uint64_t> jitter_seed() const override { return real_.jitter_seed(); }
  /// Returns when every shard of the pool, which runs, has seen the new time and fired what was due.
  void leap(Milliseconds by, const net::ShardPool& pool) {
    leapt_ += by.count();
    pool.run_on_all([](net::Shard&) {});
    pool.run_on_all([](net::Shard&) {});
  }

 private:
  SystemClock real_;
  std::atomic<std::int64_t> leapt_{0};
};

}  // namespace togglecast::test
