// What a provider says of itself (OpenID Connect Discovery 1.0, section 3). Thread rule: plain values and
// pure functions.
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"

namespace togglecast::service::oidc {

struct ProviderMetadata {
  std::string authorization_endpoint;
  std::string token_endpoint;
  std::string jwks_uri;
  std::string userinfo_endpoint;     ///< empty: none
  std::string end_session_endpoint;  ///< of RP-Initiated Logout 1.0; empty: none
  bool secret_in_body = false;       ///< the token endpoint takes `client_secret_post` and not `_basic`
  bool answers_name_issuer = false;  ///< every answer has `iss` (RFC 9207)
};

/// `<issuer>/.well-known/openid-configuration`
[[nodiscard]] std::string discovery_url(std::string_view issuer);

/// `unavailable` with a sentence for the operator, unless `text` describes the provider `issuer`, and that
/// provider offers what we need: the authorization code flow, and PKCE with S256 where it says anything of
/// it.
[[nodiscard]] Result<ProviderMetadata> parse_provider_metadata(std::string_view text,
                                                               std::string_view issuer);

}  // namespace togglecast::service::oidc
