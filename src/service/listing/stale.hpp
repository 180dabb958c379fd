// Features that may have done their work: unchanged for long, and the same for every client. Thread rule:
// pure.
#pragma once

#include <chrono>

#include "base/clock.hpp"
#include "domain/state/snapshot.hpp"

namespace togglecast::service {

/// A feature that was not changed for so long may be stale.
inline constexpr std::chrono::hours kStaleAfter{30 * 24};

/// Every client that may use it gets the same value: neither the feature nor a sub-feature has targeting, and
/// no client overrides it.
[[nodiscard]] bool is_single_valued(const domain::Snapshot& state, const domain::Feature& feature);

/// It is single-valued and was not changed since `kStaleAfter` before `now`.
[[nodiscard]] bool is_stale(const domain::Snapshot& state, const domain::Feature& feature, UnixMillis now);

}  // namespace togglecast::service
