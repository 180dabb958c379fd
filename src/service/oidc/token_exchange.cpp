#include "service/oidc/token_exchange.hpp"

#include <algorithm>
#include <optional>

#include "base/base64.hpp"
#include "base/utf8.hpp"
#include "service/oidc/provider.hpp"
#include "service/oidc/url_encoding.hpp"

namespace togglecast::service::oidc {
namespace {

std::optional<json::value> object_of(std::string_view text) {
  if (!is_valid_utf8(text)) return std::nullopt;
  auto parsed = json::parse(text);
  if (!parsed || !parsed->is_object()) return std::nullopt;
  return std::move(*parsed);
}

// The `error` of RFC 6749, section 5.2: ASCII words. Anything else is not shown.
std::string error_word(const std::optional<json::value>& body) {
  if (!body) return {};
  const std::string_view word = json::string_or_empty(*body, "error");
  constexpr std::size_t kLongest = 64;
  const bool plain = word.size() <= kLongest && std::all_of(word.begin(), word.end(), [](char c) {
                       return (c >= 'a' && c <= 'z') || c == '_';
                     });
  return plain ? std::string(word) : std::string();
}

}  // namespace

egress::Request token_request(const Options& options, const ProviderMetadata& provider, std::string_view code,
                              std::string_view redirect_uri, std::string_view verifier) {
  Parameters form{{"grant_type", "authorization_code"},
                  {"code", code},
                  {"redirect_uri", redirect_uri},
                  {"code_verifier", verifier}};
  egress::Request request{
      .url = provider.token_endpoint,
      .method = egress::Method::post,
      .headers = {{"Content-Type", "application/x-www-form-urlencoded"}, {"Accept", "application/json"}},
      .purpose = egress::Purpose::openid_connect};
  const std::string& secret = options.client_secret.reveal();
  if (secret.empty() || provider.secret_in_body) form.emplace_back("client_id", options.client_id);
  if (!secret.empty() && provider.secret_in_body) form.emplace_back("client_secret", secret);
  if (!secret.empty() && !provider.secret_in_body)  // both parts are encoded (RFC 6749, section 2.3.1)
    request.headers.push_back({"Authorization", "Basic " + base64_encode(url_encode(options.client_id) + ':' +
                                                                         url_encode(secret))});
  request.body = form_of(form);
  return request;
}

Result<Tokens> read_tokens(const Result<egress::Response>& answer) {
  if (!answer) return body_of(answer, "tokens").map([](const std::string&) { return Tokens{}; });
  const auto body = object_of(answer->body);
  const std::string word = error_word(body);
  if (word == "invalid_grant")
    return fail(Errc::unauthenticated,
                "the provider does not accept the code of this login: it was used already, or it is too old. "
                "Begin again at the login page");
  if (word == "invalid_client" || word == "unauthorized_client" || answer->status == 401)
    return fail(Errc::unavailable,
                "the provider does not accept this server as a client; check --oidc-client-id and "
                "--oidc-client-secret");
  if (answer->status != 200 && !word.empty())
    return fail(Errc::unavailable, "the provider refused to give tokens: " + word);
  if (answer->status != 200)
    return body_of(answer, "tokens").map([](const std::string&) { return Tokens{}; });
  if (!body || json::string_or_empty(*body, "id_token").empty())
    return fail(Errc::unavailable,
                "the provider gave no ID token; it must be an OpenID Connect provider, and allow the scope "
                "openid");
  return Tokens{Secret(std::string(json::string_or_empty(*body, "id_token"))),
                Secret(std::string(json::string_or_empty(*body, "access_token")))};
}

egress::Request userinfo_request(const ProviderMetadata& provider, const Secret& access_token) {
  return {.url = provider.userinfo_endpoint,
          .headers = {{"Authorization", "Bearer " + access_token.reveal()}, {"Accept", "application/json"}},
          .purpose = egress::Purpose::openid_connect};
}

Result<json::value> read_userinfo(const Result<egress::Response>& answer, std::string_view subject) {
  const auto text = body_of(answer, "claims of the person (userinfo)");
  if (!text) return tl::unexpected(text.error());
  auto claims = object_of(*text);
  if (!claims) return fail(Errc::unavailable, "the provider's userinfo is not a JSON object");
  if (json::string_or_empty(*claims, "sub") != subject)
    return fail(Errc::token_invalid, "the provider's userinfo is of another person (sub)");
  return *std::move(claims);
}

}  // namespace togglecast::service::oidc
