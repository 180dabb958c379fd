// The features that clients gain and lose between two states. Thread rule: a pure function; do not call it on
// a shard when there are many clients.
#pragma once

#include "base/json.hpp"
#include "domain/state/change.hpp"
#include "domain/state/snapshot.hpp"

namespace togglecast::service {

inline constexpr std::size_t kMaxShownClients = 100;
inline constexpr std::size_t kMaxShownFeatures = 100;
inline constexpr std::size_t kMaxShownOfClient = 20;  ///< features
inline constexpr std::size_t kLookCost = 1;           ///< of a check whether a client sees a feature
inline constexpr std::size_t kAnswerCost = 10;        ///< of a decision in both states
inline constexpr std::size_t kMaxEffectCost = 4'000'000;

/// `change` leads from `before` to `after`. Decisions use no context, because contexts belong to connections.
///   gain     the feature becomes `enabled` for the client
///   loss     the feature is no longer `enabled` for the client
///   change   the feature stays enabled; its value, variant, limit or a sub-feature differs
///
///   {clients: {looked_at, affected, gaining, losing, changing}, affected_clients: [{client_id, key, name,
///    gains, losses, changes, features: [{feature_id, key, effect, before, after}]}], affected_features:
///    [{feature_id, key, name, gains, losses, changes}], affected_features_total, is_whole}
///
/// The numbers count all clients. The lists show the first clients and the most affected features. When the
/// cost exceeds `max_cost`, the remaining clients are skipped and `is_whole` is false.
[[nodiscard]] json::object effect_of(const domain::Snapshot& before, const domain::Snapshot& after,
                                     const domain::Change& change, std::size_t max_cost = kMaxEffectCost);

}  // namespace togglecast::service
