// The record of an issued token: enough to list and withdraw it, never the token itself.
// Client tokens are entities of their client's environment; tokens of admins live in `system` and name the
// environment they work in: they are the sessions of these admins. Thread rule: plain values.
#pragma once

#include <optional>
#include <string>

#include "domain/schema/entity.hpp"
#include "domain/schema/kind.hpp"

namespace togglecast::domain {

enum class SubjectKind : std::uint8_t { client, admin };
/// What proved who the admin of a session is.
enum class LoginMethod : std::uint8_t { password, oidc };
inline constexpr std::size_t kMaxDevice = 200;  ///< bytes
[[nodiscard]] std::string_view to_string(SubjectKind kind) noexcept;
[[nodiscard]] std::optional<SubjectKind> parse_subject_kind(std::string_view text) noexcept;
[[nodiscard]] std::string_view to_string(LoginMethod method) noexcept;

/// `TokenRecord::end` of a session whose used refresh token came again.
inline constexpr std::string_view kRefreshTokenReused = "refresh_token_reused";

/// The end of a token that never expires: the last second that four digits of a year can say.
inline constexpr UnixMillis kNeverExpires{253'402'300'799'000};

struct TokenRecord : Stamps {
  static constexpr Kind kKind = Kind::token;
  static constexpr std::string_view kKeyMember = "jti";

  std::string jti;  ///< the random name inside the token
  SubjectKind subject_kind = SubjectKind::client;
  Id subject_id = 0;
  std::string environment;
  std::string label;
  std::string device;                          ///< of a session: the User-Agent that it began with
  std::string address;                         ///< of a session: where its first request came from
  LoginMethod method = LoginMethod::password;  ///< of a session
  UnixMillis expires_at{};                     ///< null in its body: never
  std::optional<UnixMillis> revoked_at;
  std::string end;  ///< of a session that was revoked: a word for the reason; may be empty

  [[nodiscard]] const std::string& unique_key() const noexcept { return jti; }
  [[nodiscard]] static Result<TokenRecord> from_json(const json::value& body);
};

[[nodiscard]] json::object to_json(const TokenRecord& token);

}  // namespace togglecast::domain
