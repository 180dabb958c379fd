#include "auth/token_codec.hpp"

#include <algorithm>
#include <optional>

#include "base/base64.hpp"
#include "base/json.hpp"
#include "base/utf8.hpp"
#include "domain/schema/ids.hpp"

namespace togglecast::auth {
namespace {

constexpr std::string_view kIssuer = "togglecast";
constexpr json::Limits kTokenLimits{.depth = 4};

tl::unexpected<Error> invalid(std::string_view why) {
  return fail(Errc::token_invalid, "the token is not valid: " + std::string(why));
}

std::optional<json::value> decode_object(std::string_view part) {
  const auto text = base64url_decode(part);
  if (!text || !is_valid_utf8(*text)) return std::nullopt;
  auto parsed = json::parse(*text, kTokenLimits);
  if (!parsed || !parsed->is_object()) return std::nullopt;
  return std::move(*parsed);
}

// A NumericDate; whole seconds are all that we issue.
std::optional<std::int64_t> seconds(const json::value& claims, std::string_view name) {
  const json::value* member = json::find(claims, name);
  const auto number = member == nullptr ? std::nullopt : domain::integer_in(*member);
  return number && *number >= 0 ? number : std::nullopt;
}

Result<Claims> read_claims(const json::value& in, UnixMillis now) {
  Claims claims;
  if (json::string_or_empty(in, "iss") != kIssuer || json::string_or_empty(in, "aud") != kIssuer)
    return invalid("it was issued for something else");
  const auto kind = domain::parse_subject_kind(json::string_or_empty(in, "kind"));
  claims.subject = domain::parse_id(json::string_or_empty(in, "sub"));
  claims.environment = json::string_or_empty(in, "env");
  claims.jti = json::string_or_empty(in, "jti");
  const auto expires = seconds(in, "exp");
  const auto issued = seconds(in, "iat");
  if (!kind || claims.subject == 0 || claims.environment.empty() || claims.jti.empty() || !expires || !issued)
    return invalid("a claim is missing");
  claims.kind = *kind;
  claims.expires_at = *expires;
  claims.issued_at = *issued;
  const std::int64_t now_seconds = now.value / 1'000;
  const bool has_not_before = json::find(in, "nbf") != nullptr;
  const auto not_before = seconds(in, "nbf");
  if (has_not_before && !not_before) return invalid("a claim is missing");
  if (not_before.value_or(0) > now_seconds + kClockSkewSeconds)
    return invalid("its time has not come; check the clocks");
  if (claims.expires_at <= now_seconds) return fail(Errc::token_expired, "the token expired; get a new one");
  return claims;
}

}  // namespace

Claims claims_of(const domain::TokenRecord& record) {
  return {record.subject_kind,
          record.subject_id,
          record.environment,
          record.jti,
          record.created_at.value / 1'000,
          record.expires_at.value / 1'000};
}

Claims claims_of(const domain::TokenRecord& session, UnixMillis now, std::chrono::seconds lifetime) {
  Claims claims = claims_of(session);
  claims.issued_at = now.value / 1'000;
  claims.expires_at = std::min(claims.expires_at, claims.issued_at + lifetime.count());
  return claims;
}

Secret sign_token(const SigningKey& key, const Claims& claims) {
  const json::object header{{"alg", to_string(key.algorithm())}, {"kid", key.kid()}, {"typ", "JWT"}};
  const json::object body{{"aud", kIssuer},
                          {"env", claims.environment},
                          {"exp", claims.expires_at},
                          {"iat", claims.issued_at},
                          {"iss", kIssuer},
                          {"jti", claims.jti},
                          {"kind", domain::to_string(claims.kind)},
                          {"sub", std::to_string(claims.subject)}};
  std::string token =
      base64url_encode(json::serialize(header)) + '.' + base64url_encode(json::serialize(body));
  const std::string signature = key.sign(token);
  return Secret(token + '.' + base64url_encode(signature));
}

Result<Claims> verify_token(const KeyRing& keys, std::string_view token, UnixMillis now) {
  if (token.size() > kMaxToken) return invalid("it is too long");
  const std::size_t first = token.find('.');
  const std::size_t second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos)
    return invalid("it does not consist of three parts");
  const auto header = decode_object(token.substr(0, first));
  if (!header) return invalid("its header cannot be read");
  const auto verifier = keys.verifier(json::string_or_empty(*header, "kid"));
  if (!verifier) return invalid("it was signed by another installation");
  const SigningKeyPtr& key = verifier->key;
  if (json::string_or_empty(*header, "alg") != to_string(key->algorithm()) ||
      json::find(*header, "crit") != nullptr)
    return invalid("its algorithm is not that of its key");
  const auto signature = base64url_decode(token.substr(second + 1));
  if (!signature || !key->verify(token.substr(0, second), *signature))
    return invalid("its signature is wrong");
  const auto claims = decode_object(token.substr(first + 1, second - first - 1));
  if (!claims) return invalid("its claims cannot be read");
  if (verifier->retired)
    return fail(Errc::revoked, "the key that signed the token was retired; get a new token");
  auto read = read_claims(*claims, now);
  if (read) read->key = verifier->number;
  return read;
}

bool names_unknown_key(const KeyRing& keys, std::string_view token) {
  const std::size_t end = token.find('.');
  if (token.size() > kMaxToken || end == std::string_view::npos) return false;
  const auto header = decode_object(token.substr(0, end));
  const std::string_view kid = header ? json::string_or_empty(*header, "kid") : std::string_view();
  return !kid.empty() && keys.find(kid) == nullptr;
}

}  // namespace togglecast::auth
