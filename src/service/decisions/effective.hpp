// The features that one client may use, and why. Each item shows the decision of the package alone, the
// override, and the effective decision. Thread rule: pure functions; with thousands of features, do not call
// them on a shard.
#pragma once

#include "base/json.hpp"
#include "domain/entities/client.hpp"
#include "domain/state/flag_name.hpp"
#include "domain/state/snapshot.hpp"

namespace togglecast::service {

struct EffectiveQuery {
  bool visible_only = false;              ///< omit features that neither the package nor an override assigns
  const json::object* context = nullptr;  ///< the context of a connection; may be null
  const domain::NamedFlag* flag = nullptr;  ///< only this feature, or only this sub-feature of it
};

/// `{client, package, as_of, revision, items: [{feature_id, key, name, visible, hidden_because?, plan,
/// override, effective, sub_features}], total}`; `hidden_because` is a sentence about a feature that is not
/// visible.
[[nodiscard]] json::object effective_of(const domain::Snapshot& state, const domain::Client& client,
                                        const EffectiveQuery& query);

}  // namespace togglecast::service
