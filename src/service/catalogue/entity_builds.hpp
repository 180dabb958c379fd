// The changes that entities of the catalogue are made of, the same for the API, previews and imports.
// Builders run on the writer's thread, against exactly the state before; what is wrong with a body is
// `invalid_argument` with every field. Kinds: platform, feature, segment, package, client; any other is
// refused. Thread rule: pure functions; a Build may be called anywhere.
#pragma once

#include <optional>

#include "base/json.hpp"
#include "changes/committer.hpp"
#include "domain/state/client_view.hpp"
#include "domain/state/consistency.hpp"

namespace togglecast::service {

using IfRevision = std::optional<domain::Revision>;

inline constexpr std::size_t kMaxPlatforms = 1'000;
inline constexpr std::size_t kMaxFeatures = 5'000;
inline constexpr std::size_t kMaxSegments = 1'000;
inline constexpr std::size_t kMaxPackages = 1'000;
inline constexpr std::size_t kMaxClients = 100'000;

[[nodiscard]] changes::Build build_creation(domain::Kind kind, json::value body);
/// Sets the members that `body` names. `conflict` when a feature drops sub-features that packages chose,
/// unless `force`: then the packages let go of them.
[[nodiscard]] changes::Build build_update(domain::Kind kind, domain::Id id, json::value body,
                                          IfRevision if_revision, bool force);
/// To `on`, or to the other side: a platform or feature enabled, a package available, a client active.
[[nodiscard]] changes::Build build_toggle(domain::Kind kind, domain::Id id, std::optional<bool> on,
                                          IfRevision if_revision);
/// `conflict` when others use it, unless `force`. Then packages and clients let go of a deleted feature,
/// clients of a deleted package; everybody else keeps naming what is gone, which counts as off.
[[nodiscard]] changes::Build build_removal(domain::Kind kind, domain::Id id, IfRevision if_revision,
                                           bool force);

/// Who stands in the way of an update with this body, or of a removal (null), without `force`.
[[nodiscard]] std::vector<domain::User> users_in_the_way(const domain::Snapshot& state, domain::Kind kind,
                                                         domain::Id id, const json::value* update);

/// A sub-feature's state, to `on` or to the other side.
[[nodiscard]] changes::Build build_sub_feature_toggle(domain::Id feature, std::string key,
                                                      std::optional<bool> on, IfRevision if_revision);
/// `body`: see domain::read_override. One that expires does so in the future.
[[nodiscard]] changes::Build build_override(domain::Id client, domain::Id feature, json::value body,
                                            IfRevision if_revision);
/// `not_found` when there is none.
[[nodiscard]] changes::Build build_override_removal(domain::Id client, domain::Id feature,
                                                    IfRevision if_revision);

}  // namespace togglecast::service
