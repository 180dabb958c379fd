#include "service/oidc/id_token.hpp"

#include <algorithm>
#include <optional>

#include "auth/jws.hpp"
#include "base/base64.hpp"
#include "base/digest.hpp"
#include "base/secret.hpp"
#include "domain/entities/admin.hpp"
#include "domain/schema/ids.hpp"

namespace togglecast::service::oidc {
namespace {

constexpr std::size_t kLongestSubject = 255;  // of OpenID Connect Core, section 2
constexpr std::size_t kMostGroups = 2'000;
constexpr std::size_t kLongestString = 512;
constexpr std::int64_t kOldest = 600;  // seconds since its issue: a login is no older
constexpr std::string_view kLogoutType = "logout+jwt";
constexpr std::string_view kLogoutEvent = "http://schemas.openid.net/event/backchannel-logout";

tl::unexpected<Error> unfit_token(std::string_view why) {
  return fail(Errc::token_invalid, "the provider's token is refused: " + std::string(why));
}

// A NumericDate (RFC 7519, section 2), which may have a fraction.
std::optional<std::int64_t> time_in(const json::value& claims, std::string_view name) {
  const json::value* member = json::find(claims, name);
  if (member == nullptr) return std::nullopt;
  constexpr double kMost = 1e12;
  if (member->is_double() && member->get_double() >= 0 && member->get_double() < kMost)
    return static_cast<std::int64_t>(member->get_double());
  const auto whole = domain::integer_in(*member);
  return whole && *whole >= 0 && *whole < static_cast<std::int64_t>(kMost) ? whole : std::nullopt;
}

bool names_audience(const json::value& claims, std::string_view wanted) {
  const json::value* audience = json::find(claims, "aud");
  if (audience == nullptr) return false;
  const auto all = strings_in(audience);
  return std::find(all.begin(), all.end(), wanted) != all.end();
}

// The claims of a token that the provider signed for us.
Result<json::value> signed_claims(const auth::KeySet& keys, std::string_view token, const Expected& expected,
                                  std::string_view also = {}) {
  auto read = auth::read_jws(token, kLongestIdToken, also);
  if (!read) return unfit_token(read.error().message);
  const std::string_view algorithm = to_string(expected.algorithm);
  if (read->alg != algorithm)
    return unfit_token("its algorithm is not " + std::string(algorithm) + " (--oidc-algorithm)");
  if (keys.find(algorithm, read->kid) == nullptr)
    return fail(Errc::not_found, "the provider's token is refused: the provider publishes no such key");
  if (auto ok = keys.verify(algorithm, read->kid, read->signing_input, read->signature); !ok)
    return unfit_token("its signature is wrong");
  if (json::string_or_empty(read->claims, "iss") != expected.issuer)
    return unfit_token("another issuer made it (iss)");
  if (!names_audience(read->claims, expected.client_id)) return unfit_token("it is for another client (aud)");
  return std::move(read->claims);
}

Result<void> check_times(const json::value& claims, UnixMillis now, bool needs_expiry) {
  const std::int64_t seconds = now.value / 1'000;
  const auto expires = time_in(claims, "exp");
  const auto issued = time_in(claims, "iat");
  if (!issued) return unfit_token("it does not say when it was issued (iat)");
  if (!expires && (needs_expiry || json::find(claims, "exp") != nullptr))
    return unfit_token("it does not say when it expires (exp)");
  if (expires && *expires + kLeeway <= seconds) return unfit_token("it has expired (exp); check the clocks");
  if (*issued > seconds + kLeeway) return unfit_token("it was issued in the future (iat); check the clocks");
  if (*issued + kOldest < seconds) return unfit_token("it is older than ten minutes (iat); check the clocks");
  const bool has_not_before = json::find(claims, "nbf") != nullptr;
  const auto not_before = time_in(claims, "nbf");
  if (has_not_before && (!not_before || *not_before > seconds + kLeeway))
    return unfit_token("its time has not come (nbf); check the clocks");
  return {};
}

Result<std::string> subject_of(const json::value& claims) {
  const std::string_view subject = json::string_or_empty(claims, "sub");
  const bool visible =
      std::all_of(subject.begin(), subject.end(), [](char c) { return c >= ' ' && c < '\x7f'; });
  if (subject.empty() || subject.size() > kLongestSubject || !visible)
    return unfit_token("its subject is not 1 to 255 ASCII characters (sub)");
  return std::string(subject);
}

// `azp` is for tokens that name several audiences (section 3.1.3.7, points 4 and 5).
Result<void> check_party(const json::value& claims, std::string_view client_id) {
  const json::value* party = json::find(claims, "azp");
  const json::value* audience = json::find(claims, "aud");
  const bool several = audience->is_array() && audience->get_array().size() > 1;
  if (party == nullptr) {
    if (several) return unfit_token("it has several audiences and names none as its party (azp)");
    return {};
  }
  if (!party->is_string() || std::string_view(party->get_string()) != client_id)
    return unfit_token("another client is its party (azp)");
  return {};
}

// The left half of a hash of the same length as that of the signature: SHA-256 for RS256 and ES256. For EdDSA
// no specification says which hash it is.
Result<void> check_access_token(const json::value& claims, std::string_view access_token,
                                auth::PublicAlgorithm algorithm) {
  const json::value* hash = json::find(claims, "at_hash");
  if (hash == nullptr || access_token.empty() || algorithm == auth::PublicAlgorithm::eddsa) return {};
  const Sha256 digest = sha256(access_token);
  const std::string half =
      base64url_encode({reinterpret_cast<const char*>(digest.data()), digest.size() / 2});
  if (!hash->is_string() || std::string_view(hash->get_string()) != half)
    return unfit_token("it belongs to another access token (at_hash)");
  return {};
}

std::string in_lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return lower;
}

}  // namespace

Result<IdToken> verify_id_token(const auth::KeySet& keys, std::string_view token, const Expected& expected,
                                std::string_view nonce, std::string_view access_token, UnixMillis now) {
  auto claims = signed_claims(keys, token, expected);
  if (!claims) return tl::unexpected(claims.error());
  if (auto ok = check_party(*claims, expected.client_id); !ok) return tl::unexpected(ok.error());
  if (auto ok = check_times(*claims, now, true); !ok) return tl::unexpected(ok.error());
  if (!equal_in_constant_time(json::string_or_empty(*claims, "nonce"), nonce))
    return unfit_token("it was made for another login (nonce)");
  if (auto ok = check_access_token(*claims, access_token, expected.algorithm); !ok)
    return tl::unexpected(ok.error());
  auto subject = subject_of(*claims);
  if (!subject) return tl::unexpected(subject.error());
  return IdToken{*std::move(subject), *std::move(claims)};
}

Result<LogoutToken> verify_logout_token(const auth::KeySet& keys, std::string_view token,
                                        const Expected& expected, UnixMillis now) {
  const auto claims = signed_claims(keys, token, expected, kLogoutType);
  if (!claims) return tl::unexpected(claims.error());
  if (auto ok = check_times(*claims, now, false); !ok) return tl::unexpected(ok.error());
  const json::value* events = json::find(*claims, "events");
  const json::value* event = events == nullptr ? nullptr : json::find(*events, kLogoutEvent);
  if (event == nullptr || !event->is_object()) return unfit_token("it is no logout token (events)");
  if (json::find(*claims, "nonce") != nullptr) return unfit_token("a logout token has no nonce");
  if (json::string_or_empty(*claims, "jti").empty()) return unfit_token("it has no name (jti)");
  if (json::find(*claims, "sub") == nullptr && !json::string_or_empty(*claims, "sid").empty())
    return fail(Errc::invalid_argument,
                "the logout token names a session and no subject; let the provider send the subject (sub)");
  auto subject = subject_of(*claims);
  if (!subject) return tl::unexpected(subject.error());
  return LogoutToken{*std::move(subject), time_in(*claims, "iat").value_or(0)};
}

const json::value* find_claim(const json::value& claims, std::string_view name) noexcept {
  if (const json::value* whole = json::find(claims, name)) return whole;
  const json::value* at = &claims;
  while (at != nullptr) {
    const std::size_t dot = name.find('.');
    at = json::find(*at, name.substr(0, dot));
    if (dot == std::string_view::npos) return at;
    name.remove_prefix(dot + 1);
  }
  return nullptr;
}

std::vector<std::string> strings_in(const json::value* claim) {
  std::vector<std::string> all;
  const auto add = [&all](const json::value& one) {
    if (one.is_string() && one.get_string().size() <= kLongestString && all.size() < kMostGroups)
      all.emplace_back(one.get_string());
  };
  if (claim == nullptr) return all;
  add(*claim);
  if (claim->is_array())
    for (const json::value& one : claim->get_array()) add(one);
  return all;
}

std::string username_in(const json::value& claims, std::string_view claim) {
  for (const std::string_view name :
       {claim, std::string_view("preferred_username"), std::string_view("email"), std::string_view("sub")}) {
    const json::value* found = find_claim(claims, name);
    if (found == nullptr || !found->is_string()) continue;
    std::string username = in_lower_case(found->get_string());
    if (domain::is_username(username)) return username;
  }
  return {};
}

}  // namespace togglecast::service::oidc
