// One sentence for people about a change: "owner moved client Acme from Basic to Pro".
// Thread rule: pure functions.
#pragma once

#include <span>
#include <string>

#include "domain/state/change.hpp"
#include "domain/state/snapshot.hpp"

namespace togglecast::service {

/// `ops` are those that the reader may know of, and nothing else is told. `actor` is the log row's. Names of
/// entities that only stand beside the change, such as a client's package, come from the ops themselves, or
/// else from `state`, or else they are called by kind and id; `state` may be null.
[[nodiscard]] std::string summary_of(const json::value& actor, std::span<const domain::Op* const> ops,
                                     const domain::Snapshot* state);

}  // namespace togglecast::service
