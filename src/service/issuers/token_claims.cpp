#include "service/issuers/token_claims.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

namespace togglecast::service {
namespace {

constexpr double kLatest = 253'402'300'800;  // the year 10000

tl::unexpected<Error> bad_claim(const std::string& why) {
  return fail(Errc::token_invalid, "the token is not valid: " + why);
}

// A NumericDate, which may have a fraction; the second that it lies in.
Result<std::optional<std::int64_t>> date_in(const json::value& claims, std::string_view name) {
  const json::value* member = json::find(claims, name);
  if (member == nullptr) return std::optional<std::int64_t>();
  double date = -1;
  if (const auto whole = member->is_number() ? domain::integer_in(*member) : std::nullopt) {
    date = static_cast<double>(*whole);
  } else if (const auto* number = member->if_double()) {
    date = *number;
  }
  if (!(date >= 0 && date < kLatest))
    return bad_claim("its claim " + std::string(name) + " is not a time in seconds");
  return std::optional(static_cast<std::int64_t>(std::floor(date)));
}

// By JSON Pointer (RFC 6901), or by the name of a member.
const json::value* member_at(const json::value& claims, std::string_view path) {
  if (!path.starts_with('/')) return json::find(claims, path);
  const json::value* at = &claims;
  while (at != nullptr && !path.empty()) {
    path.remove_prefix(1);
    const std::size_t end = std::min(path.find('/'), path.size());
    std::string name;
    for (std::size_t i = 0; i < end; ++i) {
      const bool escaped = path[i] == '~' && i + 1 < end;
      name += !escaped ? path[i] : path[++i] == '1' ? '/' : '~';
    }
    at = json::find(*at, name);
    path.remove_prefix(end);
  }
  return at;
}

}  // namespace

std::vector<std::string_view> audiences_of(const json::value& claims) {
  const json::value* member = json::find(claims, "aud");
  if (member == nullptr) return {};
  if (const auto* text = member->if_string()) return {std::string_view(*text)};
  const auto* list = member->if_array();
  if (list == nullptr || list->size() > domain::kMaxAudiences) return {};
  std::vector<std::string_view> audiences;
  for (const json::value& one : *list) {
    const auto* text = one.if_string();
    if (text == nullptr) return {};
    audiences.emplace_back(*text);
  }
  return audiences;
}

Result<TokenClaims> read_token_claims(const json::value& claims, const domain::Issuer& issuer,
                                      std::chrono::seconds longest, UnixMillis now) {
  const auto expires = date_in(claims, "exp");
  if (!expires) return tl::unexpected(expires.error());
  const auto issued = date_in(claims, "iat");
  if (!issued) return tl::unexpected(issued.error());
  const auto not_before = date_in(claims, "nbf");
  if (!not_before) return tl::unexpected(not_before.error());
  if (!*expires) return bad_claim("its claim exp is missing");
  if (!*issued) return bad_claim("its claim iat is missing");
  const std::int64_t seconds = now.value / 1'000;
  if ((*issued).value() > seconds + issuer.leeway || (*not_before).value_or(0) > seconds + issuer.leeway)
    return bad_claim("its time has not come; check the clocks");
  if ((*expires).value() - (*issued).value() > longest.count())
    return bad_claim("it lives longer than the " + std::to_string(longest.count()) +
                     " seconds that this server allows (--issuer-token-lifetime)");
  TokenClaims read;
  read.issued_at = (*issued).value();
  read.expires_at = (*expires).value() + issuer.leeway;
  if (read.expires_at <= seconds) return fail(Errc::token_expired, "the token expired; get a new one");
  const json::value* client = member_at(claims, issuer.client_claim);
  if (client == nullptr) return bad_claim("its claim " + issuer.client_claim + " is missing");
  if (const auto* key = client->if_string(); key != nullptr && !key->empty()) {
    read.client = std::string(*key);
  } else if (const auto id = client->is_number() ? domain::integer_in(*client) : std::nullopt) {
    read.client = *id;
  } else {
    return bad_claim("its claim " + issuer.client_claim +
                     " must be the key of a client, or its id as a number");
  }
  return read;
}

}  // namespace togglecast::service
