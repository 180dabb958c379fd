// One op as the part of a sentence after the actor: "switched platform Web off".
// Thread rule: pure functions.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "domain/state/change.hpp"
#include "service/history/activity_words.hpp"

namespace togglecast::service {

[[nodiscard]] std::string phrase_of(const domain::Op& op, const Names& names);

/// The new value of an entity's switch, if the op changed nothing else.
[[nodiscard]] std::optional<bool> switched_to(const domain::Op& op);

/// The features whose overrides an op on a client removed.
[[nodiscard]] std::vector<domain::Id> removed_overrides(const domain::Op& op);

}  // namespace togglecast::service
