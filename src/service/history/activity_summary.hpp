// One sentence about a change: "owner moved client Acme from Basic to Pro".
// Thread rule: pure functions.
#pragma once

#include <span>
#include <string>

#include "domain/state/change.hpp"
#include "domain/state/snapshot.hpp"

namespace togglecast::service {

/// `ops` are the ops that the reader may see; the sentence mentions nothing else. `actor` comes from the row
/// of the log. An entity beside the change, such as a client's package, gets its name from the ops or from
/// `state`, else its kind and id. `state` may be null.
[[nodiscard]] std::string summary_of(const json::value& actor, std::span<const domain::Op* const> ops,
                                     const domain::Snapshot* state);

}  // namespace togglecast::service
