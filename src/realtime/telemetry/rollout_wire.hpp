// Rollouts of one node as JSON, for another one. Sums and histograms only; laggards page by page.
// Thread rule: pure functions.
#pragma once

#include "base/json.hpp"
#include "delivery/rollouts.hpp"

namespace togglecast::realtime {

/// `{environment: [revision, …]}`
[[nodiscard]] json::object to_wire(const delivery::Rollouts::Asked& asked);
/// Bounded; what is malformed is left out.
[[nodiscard]] delivery::Rollouts::Asked asked_in(const json::object& wire);

/// `{environment: {revision, admins, clients, changes: [null or {…}]}}`, changes in the order of the
/// question. `newest`: the revision that the node has.
[[nodiscard]] json::object to_wire(const delivery::Rollouts::Found& found,
                                   const std::function<domain::Revision(const std::string&)>& newest);
/// Adds an answer of the node `name` to the sums, and the node to each change.
void add_wire(delivery::Rollouts::Found& sums, const delivery::Rollouts::Asked& asked,
              const json::object& wire, const std::string& name);

[[nodiscard]] json::object to_wire(const delivery::Lagging& lagging);
/// The same as read, of the node `name`.
[[nodiscard]] delivery::Lagging lagging_in(const json::object& wire, const std::string& name);

}  // namespace togglecast::realtime
