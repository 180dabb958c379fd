// The code for tokens (RFC 6749, section 4.1.3, with RFC 7636), and more claims for the access token (OpenID
// Connect Core 1.0, section 5.3). Thread rule: pure functions.
#pragma once

#include <string>
#include <string_view>

#include "base/json.hpp"
#include "base/secret.hpp"
#include "egress/client.hpp"
#include "service/oidc/options.hpp"
#include "service/oidc/provider_metadata.hpp"

namespace togglecast::service::oidc {

struct Tokens {
  Secret id_token;
  Secret access_token;  ///< empty: none came
};

/// With a secret, it goes by `client_secret_basic`, or `_post` if the provider takes nothing else.
[[nodiscard]] egress::Request token_request(const Options& options, const ProviderMetadata& provider,
                                            std::string_view code, std::string_view redirect_uri,
                                            std::string_view verifier);
/// `unauthenticated` when the code is not valid (any more); `unavailable` when the provider does not know
/// this client or its secret, and for answers that cannot be used.
[[nodiscard]] Result<Tokens> read_tokens(const Result<egress::Response>& answer);

[[nodiscard]] egress::Request userinfo_request(const ProviderMetadata& provider, const Secret& access_token);
/// The claims; `token_invalid` when they are of another subject.
[[nodiscard]] Result<json::value> read_userinfo(const Result<egress::Response>& answer,
                                                std::string_view subject);

}  // namespace togglecast::service::oidc
