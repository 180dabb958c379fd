// What an op did, in the words of events and of the activity feed. Thread rule: pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "domain/state/change.hpp"
#include "domain/state/view.hpp"

namespace togglecast::domain {

/// The members that differ between two bodies, but for the stamps `revision` and `updated_at`; those of
/// `after` in their order, then those that are gone.
[[nodiscard]] std::vector<std::string> changed_members(const json::object& before, const json::object& after);

/// `toggle`: nothing but the entity's switch was turned: `enabled` (with its twin `state`), a client's or an
/// admin's `active`, a package's `available`.
[[nodiscard]] UpdateType type_of(const Op& op);

/// It changes nothing of the entity, and is there to name it: a time has come that rules of this feature
/// compare with.
[[nodiscard]] bool is_time_boundary(const Op& op);

/// `{entity_type, entity_id, type, key, name?}`
[[nodiscard]] json::object headline_of(const Op& op);

/// What a search for text looks at: the name and the unique key of the entity, as they are and, when they
/// changed, as they were.
[[nodiscard]] std::string searched_text(const Op& op);

}  // namespace togglecast::domain
