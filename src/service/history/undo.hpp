// Undoes a change by a new change. The actor of the new change names the old revision (`undoes`).
//
// * The undo reverts only this change, on the current state. Later changes to other members stay.
// * A later change to the same member, or to the same element of a list of named elements, blocks the undo,
//   or to the asset of the same name, unless it changed it back. The error names every such entity and the
//   revision that touched it last.
// * A forced deletion takes features and packages away from others. That blocks no undo. But nothing comes
// back
//   that names a deleted entity and does not name it now: the error says what is missing.
// * Ids are never reused, so a deleted entity comes back with its id. An undo can itself be undone.
// * Tokens, passwords and keys do not come back. An undo leaves them as they are. A change of nothing else
//   cannot be undone.
// * Expired overrides do not come back. A change in which only time passed cannot be undone.
//
// Thread rule: builders run on the writer's thread.
#pragma once

#include <optional>

#include "changes/committer.hpp"
#include "domain/schema/version.hpp"
#include "service/accounts/principal.hpp"

namespace togglecast::service {

/// Errors: `not_found` when the revision does not exist or holds nothing that `who` may read; `forbidden`
/// without the right to change everything that it touched; `conflict` when the revision is of another epoch,
/// when there is nothing to undo, or when a later change blocks it.
[[nodiscard]] changes::Build build_undo(const Principal& who, const domain::Version& version);

/// Returns `present` with the step from `before` to `after` reverted. Returns nothing when `present` differs
/// from both in a member of that step. All three are bodies; null means that the entity does not exist.
[[nodiscard]] std::optional<json::value> reverted(const json::value& before, const json::value& after,
                                                  const json::value& present);

}  // namespace togglecast::service
