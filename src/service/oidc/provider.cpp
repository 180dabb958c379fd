#include "service/oidc/provider.hpp"

#include <utility>

namespace togglecast::service::oidc {
namespace {

egress::Request get_request(std::string url) {
  return {.url = std::move(url),
          .headers = {{"Accept", "application/json"}},
          .purpose = egress::Purpose::openid_connect};
}

}  // namespace

Result<std::string> body_of(const Result<egress::Response>& answer, std::string_view what) {
  if (!answer) {
    Error error = answer.error();
    error.code = error.code == Errc::rate_limited ? Errc::rate_limited : Errc::unavailable;
    error.message =
        "the OpenID Connect provider did not give its " + std::string(what) + ": " + error.message;
    return tl::unexpected(std::move(error));
  }
  if (answer->status == 200) return answer->body;
  const bool redirect = answer->status >= 300 && answer->status < 400;
  return fail(Errc::unavailable, "the OpenID Connect provider answered " + std::to_string(answer->status) +
                                     " when asked for its " + std::string(what) +
                                     (redirect ? "; redirects are not followed, check --oidc-issuer" : ""));
}

Provider::Provider(Fetch fetch, std::string issuer, const Clock& clock)
    : metadata_(std::make_shared<Metadata>(
          [fetch, issuer](const std::function<void(Result<ProviderMetadata>)>& done) {
            fetch(get_request(discovery_url(issuer)), [issuer, done](const Result<egress::Response>& answer) {
              done(body_of(answer, "discovery document").and_then([&issuer](const std::string& text) {
                return parse_provider_metadata(text, issuer);
              }));
            });
          },
          clock)),
      keys_(std::make_shared<Keys>(
          [fetch, metadata = metadata_](const std::function<void(Result<auth::KeySet>)>& done) {
            metadata->get([fetch, done](const Result<Metadata::Value>& provider) {
              if (!provider) return done(tl::unexpected(provider.error()));
              fetch(get_request((*provider)->jwks_uri), [done](const Result<egress::Response>& answer) {
                const auto text = body_of(answer, "keys");
                if (!text) return done(tl::unexpected(text.error()));
                auto keys = auth::KeySet::parse_jwks(*text);
                if (keys) return done(*std::move(keys));
                done(fail(Errc::unavailable,
                          "the keys of the OpenID Connect provider cannot be used: " + keys.error().message));
              });
            });
          },
          clock)) {}

}  // namespace togglecast::service::oidc
