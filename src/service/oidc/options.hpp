// The settings of logins by OpenID Connect. Thread rule: plain values.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "auth/public_key.hpp"
#include "base/secret.hpp"
#include "domain/schema/role.hpp"
#include "service/oidc/role_rules.hpp"

namespace togglecast::service::oidc {

struct Options {
  std::string issuer;  ///< as the provider names itself, to the byte
  std::string client_id;
  Secret client_secret;                        ///< empty: a public client
  std::string scopes{"openid profile email"};  ///< separated by spaces, `openid` among them
  std::string name;                            ///< on the button of the console
  std::string username_claim{"preferred_username"};
  std::string groups_claim{"groups"};
  std::vector<RoleRule> roles;
  domain::Role default_role = domain::Role::none;                  ///< of a person whose groups give no role
  auth::PublicAlgorithm algorithm = auth::PublicAlgorithm::rs256;  ///< of ID tokens and logout tokens
  std::chrono::seconds session{12 * 3'600};  ///< a login lasts so long; then the provider is asked again
};

}  // namespace togglecast::service::oidc
