#include "observe/peer_lines.hpp"

#include <utility>

namespace togglecast::observe {

PeerLines::Verdict PeerLines::judge(std::string_view message, TimePoint now) {
  const std::scoped_lock lock(mutex_);
  if (bucket_.take(kRate, now) == Milliseconds{0}) return Verdict::write;
  total_.fetch_add(1, std::memory_order_relaxed);
  auto kind = kinds_.find(message);
  if (kind == kinds_.end())
    kind = kinds_.emplace(kinds_.size() < kMostKinds ? message : std::string_view("other"), 0).first;
  ++kind->second;
  if (count_++ > 0) return Verdict::leave_out;
  due_ = now + kSummaryDelay;
  return Verdict::leave_out_first;
}

std::optional<PeerLines::Summary> PeerLines::take_summary() {
  const std::scoped_lock lock(mutex_);
  if (count_ == 0) return std::nullopt;
  Summary summary{std::exchange(count_, 0), {}};
  for (const auto& [kind, count] : kinds_)
    summary.kinds += (summary.kinds.empty() ? "" : ", ") + kind + ": " + std::to_string(count);
  kinds_.clear();
  return summary;
}

std::optional<PeerLines::Summary> PeerLines::take_due_summary(TimePoint now) {
  {
    const std::scoped_lock lock(mutex_);
    if (count_ == 0 || now < due_) return std::nullopt;
  }
  return take_summary();
}

}  // namespace togglecast::observe
