// Taking a change back by a new one, which says so in its actor (`undoes`).
//
// Only what the change did is turned around, on the state as it is now: what others changed since stays.
// Where they changed the same thing, member by member and, within lists of named things, element by element,
// the undo is refused, and every entity in the way is named with the revision that touched it last. Ids are
// never used again, so a deleted entity comes back as itself. Undoing an undo is an undo like any other.
//
// Tokens, passwords and keys do not come back: a change of nothing else is refused, and beside other things
// they are left as they are. Overrides whose time is over do not come back either, and a change by which only
// time passed is refused.
// Thread rule: builders run on the writer's thread.
#pragma once

#include <optional>

#include "changes/committer.hpp"
#include "service/accounts/principal.hpp"

namespace togglecast::service {

/// `not_found` without such a revision, or when it is nothing that `who` may read of; `forbidden` without the
/// right to change all that it touched; `conflict` when there is nothing to undo or something is in the way.
[[nodiscard]] changes::Build build_undo(const Principal& who, domain::Revision revision);

/// `present` with what led from `before` to `after` turned around; nothing when `present` is different there.
/// All three are bodies, or null where the entity does not exist.
[[nodiscard]] std::optional<json::value> turned_around(const json::value& before, const json::value& after,
                                                       const json::value& present);

}  // namespace togglecast::service
