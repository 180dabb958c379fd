#include "service/listing/stale.hpp"

#include <algorithm>

namespace togglecast::service {

bool is_single_valued(const domain::Snapshot& state, const domain::Feature& feature) {
  const auto targeted = [](const domain::SubFeature& sub) { return sub.flag.has_targeting(); };
  if (feature.flag.has_targeting()) return false;
  if (std::any_of(feature.sub_features.begin(), feature.sub_features.end(), targeted)) return false;
  bool overridden = false;
  state.links().for_each(domain::Relation::client_override, feature.id, [&](const domain::Link& link) {
    overridden = link.used == feature.id;
    return false;  // the first one tells
  });
  return !overridden;
}

bool is_stale(const domain::Snapshot& state, const domain::Feature& feature, UnixMillis now) {
  const std::int64_t unchanged = now.value - feature.updated_at.value;
  return unchanged > std::chrono::duration_cast<Milliseconds>(kStaleAfter).count() &&
         is_single_valued(state, feature);
}

}  // namespace togglecast::service
