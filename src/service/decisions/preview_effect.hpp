// Who gains and loses what between two states. Thread rule: a pure function; with many clients not on a
// shard.
#pragma once

#include "base/json.hpp"
#include "domain/state/change.hpp"
#include "domain/state/snapshot.hpp"

namespace togglecast::service {

inline constexpr std::size_t kMaxShownClients = 100;
inline constexpr std::size_t kMaxShownFeatures = 100;
inline constexpr std::size_t kMaxShownOfClient = 20;  ///< features
inline constexpr std::size_t kLookCost = 1;           ///< at whether a client sees a feature
inline constexpr std::size_t kAnswerCost = 10;        ///< of answering it on both sides
inline constexpr std::size_t kMaxEffectCost = 4'000'000;

/// `change` leads from `before` to `after`; connections' contexts are not known, so answers are those of
/// clients without one. A client gains a feature that becomes `enabled` for it, loses one that is so no
/// longer; another value, variant or limit of one that it can use, or of its sub-features, is a change.
///
///   {clients: {looked_at, affected, gaining, losing, changing}, affected_clients: [{client_id, key, name,
///    gains, losses, changes, features: [{feature_id, key, effect, before, after}]}], affected_features:
///    [{feature_id, key, name, gains, losses, changes}], affected_features_total, is_whole}
///
/// Numbers count all; the lists show the first clients and the most affected features. Beyond `max_cost`
/// the rest is not looked at, and `is_whole` is false.
[[nodiscard]] json::object effect_of(const domain::Snapshot& before, const domain::Snapshot& after,
                                     const domain::Change& change, std::size_t max_cost = kMaxEffectCost);

}  // namespace togglecast::service
