// The caller of a service, and the options of its request. Thread rule: plain values.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "auth/roles.hpp"
#include "base/clock.hpp"
#include "base/json.hpp"
#include "changes/actor.hpp"
#include "domain/schema/ids.hpp"
#include "domain/schema/role.hpp"
#include "domain/schema/scope.hpp"
#include "domain/schema/version.hpp"
#include "service/issuers/issued_by.hpp"

namespace togglecast::service {

struct Principal {
  enum class Kind : std::uint8_t {
    admin,
    client,
    system,   ///< the server itself
    machine,  ///< an API key
  };

  Kind kind = Kind::client;
  std::uint32_t signing_key = 0;  ///< the number of the key that signed its token; 0: none of ours
  domain::Id id = 0;
  std::string name;       ///< an admin's username, a client's key, the label of an API key
  domain::Standing role;  ///< of admins; the server itself acts as owner, an API key reads as a viewer
  domain::Scopes scopes;  ///< of API keys
  auth::Duty duty = auth::Duty::none;  ///< what this admin must do before anything else
  std::string environment;             ///< the environment of its token
  domain::Id token_id = 0;             ///< 0: it has no record
  UnixMillis expires_at{};             ///< of the token, or `kNever`; of an admin without a token: 0
  IssuedByPtr issued_by{};             ///< of a client whose token another issuer signed; else null

  /// The end of a token or API key that has none.
  static constexpr UnixMillis kNever{std::numeric_limits<std::int64_t>::max()};

  /// The server itself: at start, from the command line, from a timer.
  [[nodiscard]] static Principal server(std::string environment);

  /// Whether the table of permissions allows it.
  [[nodiscard]] bool may(auth::Action action) const noexcept;
  /// The account or API key that limits count by: those of API keys are negative.
  [[nodiscard]] domain::Id limit_key() const noexcept { return kind == Kind::machine ? -id : id; }
};

[[nodiscard]] std::string_view to_string(Principal::Kind kind) noexcept;

/// `forbidden` unless the table of permissions allows `action` to the role of this admin, the scopes of this
/// API key, or to clients.
[[nodiscard]] Result<void> require(const Principal& who, auth::Action action);

/// Options of a write.
struct WriteOptions {
  changes::Source source = changes::Source::rest;
  std::string request_id;
  std::string idempotency_key;  ///< empty: none; else 1 to 128 visible ASCII characters
  domain::IfMatch if_match;     ///< `conflict` unless the entity has one of these versions
  bool force = false;           ///< delete an entity or a sub-feature even if others use it
  bool merge = false;           ///< the body of an update is a merge patch (RFC 7396)
  bool confirm = false;         ///< clients are asked at once whether they have read the change
};

/// `{id, kind, name, source, request_id?, confirm?}`: the actor of a change.
[[nodiscard]] json::object actor_of(const Principal& who, const WriteOptions& options);

}  // namespace togglecast::service
