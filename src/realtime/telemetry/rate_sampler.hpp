// Samples counters once a second, and how long a task waits on each shard before it runs. Gives the rates of
// the last minute and the lag of each shard's loop. Thread rule: `start` before or after the shards start;
// the readings from any thread.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "net/shard_pool.hpp"

namespace togglecast::realtime {

class RateSampler {
 public:
  /// A number that only grows, by the name under which its rate is shown.
  using Source = std::pair<std::string, std::function<std::uint64_t()>>;

  RateSampler(net::ShardPool& shards, std::vector<Source> sources);
  RateSampler(const RateSampler&) = delete;
  RateSampler& operator=(const RateSampler&) = delete;

  void start();

  /// `{name: {total, last_minute, per_second}}`; younger than a minute: since the start.
  [[nodiscard]] json::object rates() const;
  /// `[{shard, lag_ms, max_lag_ms}]`: the last measure and the worst of the last minute.
  [[nodiscard]] json::array lags() const;
  /// The last measure of the slowest shard, in milliseconds.
  [[nodiscard]] double newest_lag() const;
  /// The worst of all shards in the last minute, in milliseconds.
  [[nodiscard]] double worst_lag() const;

 private:
  static constexpr std::size_t kKept = 61;

  struct Moment {
    TimePoint at;
    std::vector<std::uint64_t> counts;
  };

  void sample();
  [[nodiscard]] Moment read() const;

  net::ShardPool& shards_;
  std::vector<Source> sources_;
  net::CallbackTimer timer_;  // of the first shard

  mutable std::mutex mutex_;  // for what follows
  std::deque<Moment> moments_;
  std::vector<std::deque<double>> lags_;  // milliseconds, by shard
};

}  // namespace togglecast::realtime
