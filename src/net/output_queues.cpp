#include "net/output_queues.hpp"

#include <algorithm>
#include <memory>

#include "net/shard.hpp"

namespace togglecast::net {

QueuedBlock::QueuedBlock(OutputQueues& queues, SharedBytes block)
    : queues_(&queues), block_(std::move(block)), share_(0) {
  const std::uint32_t holders = block_.enter_queue();
  if (holders == 1) queues_->count(static_cast<std::int64_t>(block_.size()));
  share_ = block_.size() / holders;
}

QueuedBlock::~QueuedBlock() {
  if (block_ && block_.leave_queue() == 0) queues_->count(-static_cast<std::int64_t>(block_.size()));
}

void OutputQueues::set(OutputQueue& queue, std::size_t own, std::size_t shares) {
  const std::size_t before = queue.own_ + queue.shares_;
  const std::size_t now = own + shares;
  if (before == 0 && now != 0) {
    queue.since_ = shard_.now();
    queue.place_ = queues_.size();
    queues_.push_back(&queue);
  } else if (before != 0 && now == 0) {
    queues_[queue.place_] = queues_.back();
    queues_[queue.place_]->place_ = queue.place_;
    queues_.pop_back();
    queue.place_ = OutputQueue::kNowhere;
    if (queues_.empty()) queues_.shrink_to_fit();
  }
  count(static_cast<std::int64_t>(own) - static_cast<std::int64_t>(queue.own_));
  queue.own_ = own;
  queue.shares_ = shares;
  if (now > before && budget_ != nullptr && budget_->exceeded()) budget_->relieve();
}

// Bytes times seconds; a queue that has just begun counts as one of a second.
double OutputQueues::weight_of(const OutputQueue& queue) const noexcept {
  const auto age = std::chrono::duration<double>(shard_.now() - queue.since_).count();
  return static_cast<double>(queue.own_ + queue.shares_) * (1.0 + age);
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
  std::int64_t sum = 0;
  for (const Shard* shard : shards_) sum += shard->output_queues().bytes();
  return static_cast<std::size_t>(std::max<std::int64_t>(sum, 0));
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
