// The bytes that wait for peers, of a whole process. Each blocked connection is a queue; each shard knows its
// queues and their sum. When all shards together hold more than the budget, the connections with the largest
// and oldest queues are closed, one after the other, until it fits: never the newcomer that asks for little.
//
// The sum is what the queues make the process keep: a block counts once, with all its bytes, however many
// queues of any shard have it. A queue weighs its share of each block: the whole of it when it was the first
// to have it, a half as the second, a third as the third.
//
// Thread rule: an OutputQueues belongs to its shard, and any thread reads `bytes` and `shed`. An OutputBudget
// is for all shards. A connection whose bytes do not wait touches none of this.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
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
  std::size_t own_ = 0;
  std::size_t shares_ = 0;
  TimePoint since_{};
};

/// A block in a queue.
class QueuedBlock {
 public:
  QueuedBlock(OutputQueues& queues, SharedBytes block);
  QueuedBlock(QueuedBlock&& other) noexcept = default;
  QueuedBlock& operator=(QueuedBlock&& other) noexcept {
    std::swap(queues_, other.queues_);
    std::swap(block_, other.block_);
    std::swap(share_, other.share_);
    return *this;
  }
  ~QueuedBlock();

  [[nodiscard]] const SharedBytes& operator*() const noexcept { return block_; }
  [[nodiscard]] const SharedBytes* operator->() const noexcept { return &block_; }
  /// What its queue weighs for it.
  [[nodiscard]] std::size_t share() const noexcept { return share_; }

 private:
  OutputQueues* queues_;
  SharedBytes block_;  // null: moved away
  std::size_t share_;
};

class OutputQueues {
 public:
  explicit OutputQueues(Shard& shard) noexcept : shard_(shard) {}

  /// `queue` holds so many bytes of its own now, and blocks with these shares. It enters with its first byte
  /// and leaves with 0.
  void set(OutputQueue& queue, std::size_t own, std::size_t shares = 0);

  /// Less than 0 when another shard counts blocks that are left here last.
  [[nodiscard]] std::int64_t bytes() const noexcept { return bytes_.load(std::memory_order_relaxed); }
  /// Connections that were closed for the budget.
  [[nodiscard]] std::uint64_t shed() const noexcept { return shed_.load(std::memory_order_relaxed); }

 private:
  friend class OutputBudget;
  friend class QueuedBlock;
  /// By this thread only.
  void count(std::int64_t bytes) noexcept {
    bytes_.store(bytes_.load(std::memory_order_relaxed) + bytes, std::memory_order_relaxed);
  }
  [[nodiscard]] double weight_of(const OutputQueue& queue) const noexcept;
  [[nodiscard]] OutputQueue* heaviest() const noexcept;
  void shed_heaviest();

  Shard& shard_;
  OutputBudget* budget_ = nullptr;
  std::vector<OutputQueue*> queues_;
  std::atomic<std::int64_t> bytes_{0};
  std::atomic<std::uint64_t> shed_{0};
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
