#include "net/output_queues.hpp"

#include <algorithm>

#include "net/shard.hpp"

namespace togglecast::net {

void OutputQueues::set(OutputQueue& queue, std::size_t bytes) {
  const std::size_t before = queue.bytes_;
  if (bytes == before) return;
  if (before == 0) {
    queue.since_ = shard_.now();
    queue.place_ = queues_.size();
    queues_.push_back(&queue);
  } else if (bytes == 0) {
    queues_[queue.place_] = queues_.back();
    queues_[queue.place_]->place_ = queue.place_;
    queues_.pop_back();
    queue.place_ = OutputQueue::kNowhere;
    if (queues_.empty()) queues_.shrink_to_fit();
  }
  queue.bytes_ = bytes;
  bytes_.store(bytes_.load(std::memory_order_relaxed) + bytes - before, std::memory_order_relaxed);
  if (bytes > before && budget_ != nullptr && budget_->exceeded()) budget_->relieve();
}

std::size_t OutputQueues::share_of(const SharedBytes& block, std::size_t size) {
  constexpr std::size_t kSmall = 1'024;  // not worth the look
  if (size < kSmall) return size;
  const std::uint64_t turn = shard_.counters().turns.load(std::memory_order_relaxed);
  if (turn != turn_) holders_.clear();
  turn_ = turn;
  return size / ++holders_[block.view().data()];
}

// Bytes times seconds; a queue that has just begun counts as one of a second.
double OutputQueues::weight_of(const OutputQueue& queue) const noexcept {
  const auto age = std::chrono::duration<double>(shard_.now() - queue.since_).count();
  return static_cast<double>(queue.bytes_) * (1.0 + age);
}

OutputQueue* OutputQueues::heaviest() const noexcept {
  const auto found = std::max_element(queues_.begin(), queues_.end(), [this](const auto* a, const auto* b) {
    return weight_of(*a) < weight_of(*b);
  });
  return found == queues_.end() ? nullptr : *found;
}

void OutputQueues::shed_heaviest() {
  OutputQueue* const queue = heaviest();
  if (queue == nullptr) return;
  shed_.store(shed_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  (void)shard_.attempt([queue] { queue->shed(); });
}

void OutputBudget::add(Shard& shard) {
  shards_.push_back(&shard);
  shard.output_queues().budget_ = this;
}

std::size_t OutputBudget::bytes() const noexcept {
  std::size_t sum = 0;
  for (const Shard* shard : shards_) sum += shard->output_queues().bytes();
  return sum;
}

std::uint64_t OutputBudget::shed() const noexcept {
  std::uint64_t sum = 0;
  for (const Shard* shard : shards_) sum += shard->output_queues().shed();
  return sum;
}

// What the shards answer; the last one tells the shard with the heaviest queue.
struct OutputBudget::Round {
  explicit Round(std::size_t count) : weights(count), left(count) {}
  std::vector<double> weights;  // by shard; 0: no queue
  std::atomic<std::size_t> left;
};

void OutputBudget::relieve() {
  if (!relieving_.exchange(true, std::memory_order_acq_rel)) compare();
}

void OutputBudget::compare() {
  const auto round = std::make_shared<Round>(shards_.size());
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    shards_[i]->post([this, round, i] {
      const OutputQueues& queues = shards_[i]->output_queues();
      const OutputQueue* const queue = queues.heaviest();
      round->weights[i] = queue == nullptr ? 0 : queues.weight_of(*queue);
      if (round->left.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
      const auto heaviest = std::max_element(round->weights.begin(), round->weights.end());
      if (*heaviest == 0 || !exceeded()) return relieving_.store(false, std::memory_order_release);
      Shard& loaded = *shards_[static_cast<std::size_t>(heaviest - round->weights.begin())];
      loaded.post([this, &loaded] {
        loaded.output_queues().shed_heaviest();
        compare();
      });
    });
  }
}

}  // namespace togglecast::net
