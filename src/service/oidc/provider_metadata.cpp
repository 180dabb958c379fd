#include "service/oidc/provider_metadata.hpp"

#include <algorithm>

#include "base/json.hpp"
#include "base/utf8.hpp"

namespace togglecast::service::oidc {
namespace {

constexpr std::size_t kLongestUrl = 2'048;
constexpr std::size_t kShown = 200;  // bytes of another's text, in messages

tl::unexpected<Error> unfit(std::string_view why) {
  return fail(Errc::unavailable,
              "the OpenID Connect provider cannot be used: its discovery document " + std::string(why));
}

// Whether the list has `wanted`. A list that is left out has what its specification says.
bool lists(const json::value& document, std::string_view member, std::string_view wanted, bool otherwise) {
  const json::value* list = json::find(document, member);
  if (list == nullptr || !list->is_array()) return otherwise;
  const json::array& all = list->get_array();
  return std::any_of(all.begin(), all.end(), [wanted](const json::value& one) {
    return one.is_string() && std::string_view(one.get_string()) == wanted;
  });
}

// Who may be called is for the egress client to say; what a browser is sent to must be a URL without tricks.
bool is_web_url(std::string_view text) {
  if (text.size() > kLongestUrl || (!text.starts_with("https://") && !text.starts_with("http://")))
    return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f' && c != '#'; });
}

Result<std::string> endpoint(const json::value& document, std::string_view member, bool needed) {
  const std::string_view url = json::string_or_empty(document, member);
  if (url.empty() && !needed) return std::string();
  if (url.empty()) return unfit("has no " + std::string(member));
  if (!is_web_url(url)) return unfit("has an unfit " + std::string(member));
  return std::string(url);
}

}  // namespace

std::string discovery_url(std::string_view issuer) {
  while (issuer.ends_with('/')) issuer.remove_suffix(1);
  return std::string(issuer) + "/.well-known/openid-configuration";
}

Result<ProviderMetadata> parse_provider_metadata(std::string_view text, std::string_view issuer) {
  const auto document = is_valid_utf8(text) ? json::parse(text) : fail(Errc::parse_error, "");
  if (!document || !document->is_object()) return unfit("is not a JSON object");
  const std::string_view named = json::string_or_empty(*document, "issuer");
  if (named != issuer)
    return unfit("names the issuer '" + std::string(named.substr(0, kShown)) + "', and --oidc-issuer is '" +
                 std::string(issuer) + "'; they must be equal to the byte");
  ProviderMetadata provider;
  struct Wanted {
    std::string_view member;
    std::string ProviderMetadata::*into;
    bool needed;
  };
  constexpr Wanted kWanted[] = {
      {"authorization_endpoint", &ProviderMetadata::authorization_endpoint, true},
      {"token_endpoint", &ProviderMetadata::token_endpoint, true},
      {"jwks_uri", &ProviderMetadata::jwks_uri, true},
      {"userinfo_endpoint", &ProviderMetadata::userinfo_endpoint, false},
      {"end_session_endpoint", &ProviderMetadata::end_session_endpoint, false},
  };
  for (const Wanted& one : kWanted) {
    auto url = endpoint(*document, one.member, one.needed);
    if (!url) return tl::unexpected(url.error());
    provider.*one.into = *std::move(url);
  }
  if (!lists(*document, "response_types_supported", "code", true))
    return unfit("does not offer the authorization code flow (response_types_supported)");
  if (!lists(*document, "code_challenge_methods_supported", "S256", true))
    return unfit("does not offer PKCE with S256 (code_challenge_methods_supported)");
  constexpr std::string_view kMethods = "token_endpoint_auth_methods_supported";
  provider.secret_in_body = !lists(*document, kMethods, "client_secret_basic", true) &&
                            lists(*document, kMethods, "client_secret_post", false);
  const json::value* names = json::find(*document, "authorization_response_iss_parameter_supported");
  provider.answers_name_issuer = names != nullptr && names->is_bool() && names->get_bool();
  return provider;
}

}  // namespace togglecast::service::oidc
