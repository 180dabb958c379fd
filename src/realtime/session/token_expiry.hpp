// When a connection is told that its token runs out. Thread rule: a pure function.
#pragma once

#include <algorithm>

#include "base/clock.hpp"
#include "base/jitter.hpp"

namespace togglecast::realtime {

/// So long from now the warning is due, for a token that is valid for `left`: `warning` before its end, or at
/// half of a shorter life, and up to a half of that earlier. Tokens that were issued together end together;
/// so their holders fetch new ones one after the other.
[[nodiscard]] inline Milliseconds warn_after(Milliseconds left, Milliseconds warning, Jitter& jitter) {
  const Milliseconds lead = jitter.earlier(std::min(warning, left / 2));
  return std::max(Milliseconds{0}, left - lead);
}

}  // namespace togglecast::realtime
