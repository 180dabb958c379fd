// Submits a write to the committer, after checks of the role and the idempotency key. Thread rule: any
// thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "changes/committer.hpp"
#include "service/accounts/principal.hpp"

namespace togglecast::service {

/// 1 to 128 visible ASCII characters.
[[nodiscard]] bool is_idempotency_key(std::string_view key) noexcept;

/// The idempotency key of a request; nothing without one. `operation` and `body` tell different requests with
/// the same key apart.
[[nodiscard]] Result<std::optional<storage::IdempotencyKey>> idempotency_of(const Principal& who,
                                                                            const WriteOptions& options,
                                                                            std::string_view operation,
                                                                            const json::value& body);

/// Of an API key, every entity that the change touches needs its scope: a deletion by force changes others,
/// too.
[[nodiscard]] changes::Build within_scopes(const Principal& who, changes::Build build);

/// Checks the role and the idempotency key, then submits `build`. A refusal calls `done` within the call.
void submit_write(changes::Committer& committer, const Principal& who, auth::Action action,
                  const WriteOptions& options, std::string_view operation, const json::value& body,
                  changes::Build build, changes::Done done);

}  // namespace togglecast::service
