// A login that is under way: from the redirect to the provider until the browser comes back. No node keeps
// anything. What the callback needs travels in a cookie of the browser, signed with a key that all nodes
// share; so any node finishes what another one began, also after a restart.
//
//   ticket := base64url(JSON) "." base64url(HMAC)      {"env", "exp", "path", "redirect", "state"}
//
// The `nonce` and the PKCE verifier (RFC 7636) follow from `state` by the same key, so the cookie does not
// have them: a stolen cookie does not show the verifier. `state` in the URL must be the one in the cookie,
// which another site can neither read nor set. A ticket opens once, because the code does (RFC 6749,
// section 10.5): no node remembers the tickets that were used.
//
// Thread rule: immutable; used from any thread.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "auth/signing_key.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/random.hpp"

namespace togglecast::service::oidc {

inline constexpr std::chrono::seconds kTicketLife{600};  ///< for a person at the provider's login page

struct LoginTicket {
  std::string state;
  std::string environment;      ///< of the session; empty: none was named
  std::string return_path;      ///< see return_path.hpp
  std::string redirect_uri;     ///< where the provider sends the browser
  std::int64_t expires_at = 0;  ///< seconds since 1970
};

class LoginTickets {
 public:
  /// A key of the installation for this purpose alone.
  explicit LoginTickets(auth::SigningKey key) : key_(std::move(key)) {}

  [[nodiscard]] LoginTicket make(RandomSource& random, UnixMillis now) const;

  [[nodiscard]] std::string seal(const LoginTicket& ticket) const;
  /// `unauthenticated` unless this installation sealed `text`, for this `state`, and its time is not over.
  [[nodiscard]] Result<LoginTicket> open(std::string_view text, std::string_view state, UnixMillis now) const;

  [[nodiscard]] std::string nonce(const LoginTicket& ticket) const;
  [[nodiscard]] std::string verifier(const LoginTicket& ticket) const;
  /// Of the verifier, by S256.
  [[nodiscard]] std::string challenge(const LoginTicket& ticket) const;

 private:
  auth::SigningKey key_;
};

/// The name of the cookie for a ticket with this `state`. There are eight, so that logins in several tabs do
/// not end each other, and a browser never collects more. Empty when `state` is none of ours.
[[nodiscard]] std::string cookie_name_of(std::string_view state);

}  // namespace togglecast::service::oidc
