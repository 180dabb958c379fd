// Builders of changes to the catalogue, for the API, previews and imports alike. They run on the writer's
// thread, on exactly the state before the change. An invalid body is `invalid_argument` with every wrong
// field. Kinds: platform, feature, segment, package, client; other kinds are `forbidden`. Thread rule: pure
// functions; a Build may be called on any thread.
#pragma once

#include <optional>

#include "base/json.hpp"
#include "changes/committer.hpp"
#include "domain/schema/version.hpp"
#include "domain/state/client_view.hpp"
#include "domain/state/consistency.hpp"

namespace togglecast::service {

inline constexpr std::size_t kMaxPlatforms = 1'000;
inline constexpr std::size_t kMaxFeatures = 5'000;
inline constexpr std::size_t kMaxSegments = 1'000;
inline constexpr std::size_t kMaxPackages = 1'000;
inline constexpr std::size_t kMaxClients = 100'000;

[[nodiscard]] changes::Build build_creation(domain::Kind kind, json::value body);
/// Sets the members that `body` names. `conflict` when a feature drops sub-features that packages chose. With
/// `force`, those packages lose the sub-features. With `merge`, `body` is a merge patch (merge_patch.hpp).
[[nodiscard]] changes::Build build_update(domain::Kind kind, domain::Id id, json::value body,
                                          const domain::IfMatch& if_match, bool force, bool merge = false);
/// Sets the switch to `on`; without a value, to the opposite. The switch is `enabled` of a platform or
/// feature, `available` of a package, `active` of a client.
[[nodiscard]] changes::Build build_toggle(domain::Kind kind, domain::Id id, std::optional<bool> on,
                                          const domain::IfMatch& if_match);
/// `conflict` when others use the entity, unless `force`. With `force`, packages and clients lose a deleted
/// feature, and clients lose a deleted package. Other users keep the reference; a missing entity counts as
/// off.
[[nodiscard]] changes::Build build_removal(domain::Kind kind, domain::Id id, const domain::IfMatch& if_match,
                                           bool force);

/// The users that make an update with this body, or a removal (null), a `conflict` without `force`.
[[nodiscard]] std::vector<domain::User> blocking_users(const domain::Snapshot& state, domain::Kind kind,
                                                       domain::Id id, const json::value* update);

/// Sets a sub-feature to `on`; without a value, to the opposite.
[[nodiscard]] changes::Build build_sub_feature_toggle(domain::Id feature, std::string key,
                                                      std::optional<bool> on,
                                                      const domain::IfMatch& if_match);
/// `body`: see domain::read_override. An expiry must be in the future.
[[nodiscard]] changes::Build build_override(domain::Id client, domain::Id feature, json::value body,
                                            const domain::IfMatch& if_match);
/// `not_found` when the client has no such override.
[[nodiscard]] changes::Build build_override_removal(domain::Id client, domain::Id feature,
                                                    const domain::IfMatch& if_match);

/// Assigns a feature to a package, or replaces its assignment. `body`: see domain::read_assignment.
[[nodiscard]] changes::Build build_assignment(domain::Id package, domain::Id feature, json::value body,
                                              const domain::IfMatch& if_match);
/// `not_found` when the package does not have the feature.
[[nodiscard]] changes::Build build_assignment_removal(domain::Id package, domain::Id feature,
                                                      const domain::IfMatch& if_match);
/// Adds a platform to the platforms that a package opens.
[[nodiscard]] changes::Build build_opening(domain::Id package, domain::Id platform,
                                           const domain::IfMatch& if_match);
/// `not_found` when the package does not name the platform; `conflict` when it names no other, because a
/// package that names none opens all.
[[nodiscard]] changes::Build build_closing(domain::Id package, domain::Id platform,
                                           const domain::IfMatch& if_match);

}  // namespace togglecast::service
