#include "egress/breaker.hpp"

namespace togglecast::egress {
namespace {

constexpr Milliseconds kWhileProbing{1'000};

}  // namespace

Milliseconds Breaker::admit(TimePoint now) {
  if (!open_) return Milliseconds{0};
  if (now < until_) return std::chrono::ceil<Milliseconds>(until_ - now);
  if (probing_) return kWhileProbing;
  probing_ = true;
  return Milliseconds{0};
}

bool Breaker::failed(const BreakerOptions& options, TimePoint now, Jitter& jitter) {
  if (open_ && !probing_) return false;  // it went out before the breaker opened
  const bool opens = !open_;
  if (opens && ++failures_ < options.failures) return false;
  pause_ = opens ? options.first : std::min(pause_ * 2, options.longest);
  open_ = true;
  probing_ = false;
  until_ = now + jitter.later(pause_);
  return opens;
}

Breaker::State Breaker::state(TimePoint now) const noexcept {
  if (!open_) return State::closed;
  return now < until_ ? State::open : State::half_open;
}

}  // namespace togglecast::egress
