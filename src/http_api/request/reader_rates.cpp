#include "http_api/request/reader_rates.hpp"

#include <algorithm>

namespace togglecast::http_api {

Result<void> ReaderRates::take(const std::string& reader, TimePoint now, std::size_t cost) {
  Milliseconds wait{0};
  {
    const std::scoped_lock lock(mutex_);
    if (buckets_.size() >= sweep_at_) forget_full(now);
    wait = buckets_[reader].take(rate_, now, static_cast<double>(cost));
  }
  if (wait == Milliseconds{0}) return {};
  return too_fast(refusal_, wait);
}

std::size_t ReaderRates::readers() const {
  const std::scoped_lock lock(mutex_);
  return buckets_.size();
}

void ReaderRates::forget_full(TimePoint now) {
  std::erase_if(buckets_, [&](const auto& one) { return one.second.full(now); });
  sweep_at_ = std::max(kSweepAt, 2 * buckets_.size());
}

}  // namespace togglecast::http_api
