// What one client may use, and why: for each feature what its package alone would give, the override, and
// what it gets. Thread rule: pure functions; with thousands of features, not on a shard.
#pragma once

#include "base/json.hpp"
#include "domain/entities/client.hpp"
#include "domain/state/snapshot.hpp"

namespace togglecast::service {

struct EffectiveQuery {
  bool visible_only = false;              ///< without features that neither package nor override assign
  const json::object* context = nullptr;  ///< as of a connection; may be absent
};

/// `{client, package, as_of, revision, items: [{feature_id, key, name, visible, plan, override, effective,
/// sub_features}], total}`
[[nodiscard]] json::object effective_of(const domain::Snapshot& state, const domain::Client& client,
                                        const EffectiveQuery& query);

}  // namespace togglecast::service
