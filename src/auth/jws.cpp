#include "auth/jws.hpp"

#include <algorithm>
#include <utility>

#include "auth/public_key.hpp"
#include "base/base64.hpp"
#include "base/json_members.hpp"
#include "base/utf8.hpp"

namespace togglecast::auth {
namespace {

constexpr json::Limits kJwsLimits{.depth = 8};

tl::unexpected<Error> not_a_token(const std::string& why) {
  return fail(Errc::token_invalid, "the token is not valid: " + why);
}

Result<json::value> object_in(std::string_view part, const std::string& name) {
  const auto text = base64url_decode(part);
  if (!text || !is_valid_utf8(*text)) return not_a_token("its " + name + " is not base64url of UTF-8");
  auto parsed = json::parse(*text, kJwsLimits);
  if (!parsed || !parsed->is_object()) return not_a_token("its " + name + " is not a JSON object");
  if (!json::members_are_unique(*text, kJwsLimits.depth))
    return not_a_token("its " + name + " has a member twice");
  return parsed;
}

// Media types compare without case, and may leave out `application/` (RFC 7515, section 4.1.9).
bool is_known_type(std::string_view type, std::string_view also) {
  std::string lower(type);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  std::string_view name = lower;
  constexpr std::string_view kTree = "application/";
  if (name.starts_with(kTree)) name.remove_prefix(kTree.size());
  return name == "jwt" || name == "at+jwt" || (!also.empty() && name == also);
}

Result<void> read_header(const json::value& header, std::string_view also, Jws& into) {
  for (const std::string_view name : {"crit", "b64"})
    if (json::find(header, name) != nullptr)
      return not_a_token("its header has the member " + std::string(name) + ", which is not supported");
  const json::value* type = json::find(header, "typ");
  if (type != nullptr && (!type->is_string() || !is_known_type(std::string_view(type->get_string()), also)))
    return not_a_token("its typ is not JWT");
  const json::value* kid = json::find(header, "kid");
  if (kid != nullptr && (!kid->is_string() || kid->get_string().size() > kMaxKid))
    return not_a_token("its kid is not text of at most " + std::to_string(kMaxKid) + " bytes");
  into.kid = json::string_or_empty(header, "kid");
  into.alg = json::string_or_empty(header, "alg");
  if (!parse_public_algorithm(into.alg)) return not_a_token("its alg must be RS256, ES256 or EdDSA");
  return {};
}

}  // namespace

Result<Jws> read_jws(std::string_view token, std::size_t longest, std::string_view type) {
  if (token.size() > longest) return not_a_token("it is longer than " + std::to_string(longest) + " bytes");
  const std::size_t first = token.find('.');
  const std::size_t second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos)
    return not_a_token("it does not consist of three parts");
  const auto header = object_in(token.substr(0, first), "header");
  if (!header) return tl::unexpected(header.error());
  Jws read;
  if (auto ok = read_header(*header, type, read); !ok) return tl::unexpected(ok.error());
  auto claims = object_in(token.substr(first + 1, second - first - 1), "payload");
  if (!claims) return tl::unexpected(claims.error());
  auto signature = base64url_decode(token.substr(second + 1));
  if (!signature || signature->empty()) return not_a_token("it has no signature in base64url");
  read.claims = *std::move(claims);
  read.signature = *std::move(signature);
  read.signing_input = token.substr(0, second);
  return read;
}

}  // namespace togglecast::auth
