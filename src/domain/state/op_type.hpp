// Describes an op in the words of events and of the activity feed. Thread rule: pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "domain/state/change.hpp"
#include "domain/state/view.hpp"

namespace togglecast::domain {

/// The members that differ between two bodies, without the stamps `revision` and `updated_at`: those of
/// `after` in their order, then the removed ones.
[[nodiscard]] std::vector<std::string> changed_members(const json::object& before, const json::object& after);

/// See `type_of_change`: an op is one change.
[[nodiscard]] UpdateType type_of(const Op& op);
/// The op flips the switch and changes nothing else; `state` is another form of `enabled`.
[[nodiscard]] bool only_toggles(const Op& op);

/// `{entity_type, entity_id, type, key, name?}`
[[nodiscard]] json::object headline_of(const Op& op);

/// The text for searches: name and unique key of the entity, with the old ones when they changed.
[[nodiscard]] std::string searched_text(const Op& op);

}  // namespace togglecast::domain
