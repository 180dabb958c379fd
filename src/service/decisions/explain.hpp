// Decisions with their reasons. The result names platforms and features and quotes errors of rules, so it is
// for admins only. Thread rule: pure functions.
#pragma once

#include "base/json.hpp"
#include "domain/evaluation/decision.hpp"
#include "domain/state/snapshot.hpp"

namespace togglecast::service {

/// `{enabled, value, variant, reason, rule, limit?, because_of?: {entity_type, entity_id, key},
/// error?: {code, message}}`
[[nodiscard]] json::object explained(const domain::Snapshot& state,
                                     const domain::evaluation::Decision& decision);

/// `{value | removed: true, reason, expires_at, holds}` at the time `now`; null without an override.
[[nodiscard]] json::value explained(const domain::evaluation::Override* override_of_client, UnixMillis now);

/// `{entity_type, entity_id, key}`; `key` is null when there is no such entity.
[[nodiscard]] json::object entity_name(const domain::Snapshot& state, domain::Kind kind, domain::Id id);

}  // namespace togglecast::service
