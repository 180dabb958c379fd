#include "net/memory_trim.hpp"

#include <malloc.h>

namespace togglecast::net {

MemoryTrim::MemoryTrim(ShardPool& shards, MemoryTrimOptions options)
    : shards_(shards), options_(options), timer_([this] { look(); }) {
  shards_.at(0).post([this] { shards_.at(0).arm(timer_, options_.every); });
}

std::uint64_t MemoryTrim::changes() const {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    const auto& counters = shards_.at(i).counters();
    sum += 2 * counters.accepted.load(std::memory_order_relaxed) -
           counters.open_streams.load(std::memory_order_relaxed);
  }
  return sum;
}

void MemoryTrim::look() {
  shards_.at(0).arm(timer_, options_.every);
  const std::uint64_t now = changes();
  if (now - seen_ >= options_.connections) {
    seen_ = now;
    looks_left_ = 4;  // what belongs to the beginning of a connection goes a little later
  }
  if (looks_left_ == 0) return;
  --looks_left_;
  ::malloc_trim(0);
  trims_.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace togglecast::net
