#include "auth/refresh_token.hpp"

#include <charconv>
#include <string>

#include "base/base64.hpp"

namespace togglecast::auth {
namespace {

constexpr std::size_t kMacSize = 43;  // base64url of 32 bytes

// A positive number without sign and leading zeros: a token has one spelling.
std::int64_t positive(std::string_view digits) noexcept {
  std::int64_t number = 0;
  if (digits.empty() || digits.front() == '0' || digits.front() == '-') return 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return error == std::errc() && end == digits.data() + digits.size() ? number : 0;
}

std::string mac_of(const KeyRing& keys, const domain::TokenRecord& session, std::int64_t generation) {
  const SigningKey key = keys.current(session.created_at)->derive("refresh tokens of sessions");
  return base64url_encode(
      key.sign(std::to_string(session.id) + '.' + std::to_string(generation) + '.' + session.jti));
}

}  // namespace

std::optional<RefreshClaim> parse_refresh_token(std::string_view text) noexcept {
  if (!text.starts_with(kRefreshTokenMark)) return std::nullopt;
  text.remove_prefix(kRefreshTokenMark.size());
  const std::size_t first = text.find('.');
  const std::size_t second = first == std::string_view::npos ? first : text.find('.', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  RefreshClaim claim;
  claim.session = positive(text.substr(0, first));
  claim.generation = positive(text.substr(first + 1, second - first - 1));
  claim.mac = text.substr(second + 1);
  if (claim.session <= 0 || claim.generation <= 0 || claim.mac.size() != kMacSize) return std::nullopt;
  return claim;
}

Secret refresh_token(const KeyRing& keys, const domain::TokenRecord& session, std::int64_t generation) {
  return Secret(std::string(kRefreshTokenMark) + std::to_string(session.id) + '.' +
                std::to_string(generation) + '.' + mac_of(keys, session, generation));
}

bool is_genuine(const KeyRing& keys, const domain::TokenRecord& session, const RefreshClaim& claim) {
  return session.subject_kind == domain::SubjectKind::admin && session.id == claim.session &&
         equal_in_constant_time(mac_of(keys, session, claim.generation), claim.mac);
}

}  // namespace togglecast::auth
