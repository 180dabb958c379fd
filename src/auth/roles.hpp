// Answers from the table of permissions. Thread rule: pure functions.
#pragma once

#include "auth/permissions.hpp"
#include "base/error.hpp"
#include "domain/schema/kind.hpp"

namespace togglecast::auth {

/// Of an admin.
[[nodiscard]] bool allows(domain::Standing standing, Action action) noexcept;
/// Of an API key.
[[nodiscard]] bool allows(domain::Scopes scopes, Action action) noexcept;

/// `forbidden` names the missing permission, and the role or the scope that it takes.
[[nodiscard]] Result<void> require(domain::Standing standing, Action action);
[[nodiscard]] Result<void> require(domain::Scopes scopes, Action action);
/// The same for the token of a client.
[[nodiscard]] Result<void> require_client(Action action);

/// Whether a session may do it although its admin has this duty.
[[nodiscard]] bool allows(Duty duty, Action action) noexcept;
/// `forbidden`, with what to do.
[[nodiscard]] Result<void> require(Duty duty, Action action);

/// The kinds of entities whose bodies an admin may see. An API key sees what a viewer sees.
[[nodiscard]] domain::Kinds readable_kinds(domain::Standing standing) noexcept;

}  // namespace togglecast::auth
