// How a request becomes a write: rights, the key it may be repeated under, and the committer. Thread rule:
// any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "changes/committer.hpp"
#include "service/accounts/principal.hpp"

namespace togglecast::service {

/// The key a request may be repeated under; nothing when it brought none. `operation` and `body` tell
/// requests apart.
[[nodiscard]] Result<std::optional<storage::IdempotencyKey>> idempotency_of(const Principal& who,
                                                                            const WriteOptions& options,
                                                                            std::string_view operation,
                                                                            const json::value& body);

/// Checks rights and idempotency key, then has the writer build and commit. A refusal calls `done` at once.
void submit_write(changes::Committer& committer, const Principal& who, auth::Action action,
                  const WriteOptions& options, std::string_view operation, const json::value& body,
                  changes::Build build, changes::Done done);

}  // namespace togglecast::service
