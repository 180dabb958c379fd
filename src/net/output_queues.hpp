// The bytes that wait for peers, of a whole process. Each blocked connection is a queue; each shard knows its
// queues and their sum. When all shards together hold more than the budget, the connections with the largest
// and oldest queues are closed, one after the other, until it fits: never the newcomer that asks for little.
//
// A queue counts what it makes the process keep. A block that many queues of a shard got in one turn counts
// once, and a little more: the second holder adds a half, the third a third.
//
// Thread rule: an OutputQueues belongs to its shard, and any thread reads `bytes` and `shed`. An OutputBudget
// is for all shards. A connection whose bytes do not wait touches none of this.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "base/shared_bytes.hpp"

namespace togglecast::net {

class OutputBudget;
class OutputQueues;
class Shard;

class OutputQueue {
 public:
  OutputQueue() = default;
  OutputQueue(const OutputQueue&) = delete;
  OutputQueue& operator=(const OutputQueue&) = delete;

 protected:
  /// Must be empty by then: `OutputQueues::set` with 0.
  virtual ~OutputQueue() = default;

 private:
  friend class OutputQueues;
  /// Closes the connection and forgets what waits. Called by the loop; may destroy the queue.
  virtual void shed() = 0;

  static constexpr std::size_t kNowhere = std::numeric_limits<std::size_t>::max();
  std::size_t place_ = kNowhere;
  std::size_t bytes_ = 0;
  TimePoint since_{};
};

class OutputQueues {
 public:
  explicit OutputQueues(Shard& shard) noexcept : shard_(shard) {}

  /// `queue` holds so many bytes now. It enters with its first byte and leaves with 0.
  void set(OutputQueue& queue, std::size_t bytes);
  /// What a queue counts for this block, of which it holds the last `size` bytes.
  [[nodiscard]] std::size_t share_of(const SharedBytes& block, std::size_t size);

  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_.load(std::memory_order_relaxed); }
  /// Connections that were closed for the budget.
  [[nodiscard]] std::uint64_t shed() const noexcept { return shed_.load(std::memory_order_relaxed); }

 private:
  friend class OutputBudget;
  [[nodiscard]] double weight_of(const OutputQueue& queue) const noexcept;
  [[nodiscard]] OutputQueue* heaviest() const noexcept;
  void shed_heaviest();

  Shard& shard_;
  OutputBudget* budget_ = nullptr;
  std::vector<OutputQueue*> queues_;
  std::atomic<std::size_t> bytes_{0};
  std::atomic<std::uint64_t> shed_{0};
  std::unordered_map<const char*, std::size_t> holders_;  // of blocks that were queued in this turn
  std::uint64_t turn_ = 0;
};

class OutputBudget {
 public:
  static constexpr std::size_t kDefault = 256 * 1024 * 1024;

  /// Before the shards start. `shard` must not outlive the budget.
  void add(Shard& shard);
  void limit(std::size_t bytes) noexcept { limit_ = bytes; }

  [[nodiscard]] std::size_t bytes() const noexcept;
  [[nodiscard]] std::uint64_t shed() const noexcept;
  [[nodiscard]] bool exceeded() const noexcept { return bytes() > limit_; }
  /// On a shard: begins to close connections, unless that is under way.
  void relieve();

 private:
  struct Round;
  void compare();

  std::size_t limit_ = kDefault;
  std::vector<Shard*> shards_;
  std::atomic<bool> relieving_{false};
};

}  // namespace togglecast::net
