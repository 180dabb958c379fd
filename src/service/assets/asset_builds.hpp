// Builders of changes to assets. They run on the writer's thread, on exactly the state before the change.
// Kinds: platform and feature; other kinds are `invalid_argument`. Thread rule: pure functions.
#pragma once

#include <string>

#include "changes/committer.hpp"
#include "domain/entities/asset.hpp"
#include "domain/schema/kind.hpp"
#include "domain/schema/version.hpp"

namespace togglecast::service {

/// Adds the asset to the entity, or replaces the one of its name. `conflict` when the entity has
/// `domain::kMaxAssets` others, or when the assets of the environment would take more than `storage` bytes.
[[nodiscard]] changes::Build build_asset(domain::Kind kind, domain::Id id, domain::Asset asset,
                                         SharedBytes bytes, std::int64_t storage,
                                         const domain::IfMatch& if_match);
/// `not_found` when the entity has no asset of that name.
[[nodiscard]] changes::Build build_asset_removal(domain::Kind kind, domain::Id id, std::string name,
                                                 const domain::IfMatch& if_match);

}  // namespace togglecast::service
