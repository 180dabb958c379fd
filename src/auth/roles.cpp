#include "auth/roles.hpp"

#include <string>

namespace togglecast::auth {
namespace {

using domain::Role;

std::string scopes_in_words(domain::Scopes scopes) {
  std::string words;
  for (const domain::Scope scope : domain::kAllScopes)
    if (scopes.contains(scope)) words.append(words.empty() ? "" : " or ").append(to_string(scope));
  return words;
}

}  // namespace

bool allows(domain::Standing standing, Action action) noexcept {
  const Permission& asked = permission(action);
  if (!asked.least) return false;
  return asked.reach == Reach::installation ? standing.owns_installation() : standing.here() >= *asked.least;
}

bool allows(domain::Scopes scopes, Action action) noexcept {
  return permission(action).scopes.share_one_with(scopes);
}

Result<void> require(domain::Standing standing, Action action) {
  if (allows(standing, action)) return {};
  const Permission& asked = permission(action);
  const std::string name(asked.name);
  if (!asked.least) return fail(Errc::forbidden, "only clients may " + name);
  if (asked.reach == Reach::installation && standing.here() == Role::owner)
    return fail(Errc::forbidden,
                "an owner of one environment may not " + name + "; it takes an owner of the installation");
  return fail(Errc::forbidden, "the role " + std::string(to_string(standing.here())) + " may not " + name +
                                   "; it takes " + std::string(to_string(*asked.least)));
}

Result<void> require(domain::Scopes scopes, Action action) {
  if (allows(scopes, action)) return {};
  const Permission& asked = permission(action);
  const std::string refusal = "this API key may not " + std::string(asked.name);
  if (asked.scopes.empty()) return fail(Errc::forbidden, refusal + "; no scope allows it");
  return fail(Errc::forbidden, refusal + "; it takes the scope " + scopes_in_words(asked.scopes));
}

Result<void> require_client(Action action) {
  if (permission(action).clients) return {};
  return fail(Errc::forbidden, "this needs the token of an admin, not of a client");
}

bool allows(Duty duty, Action action) noexcept {
  return duty == Duty::none || permission(action).duties.contains(duty);
}

Result<void> require(Duty duty, Action action) {
  if (allows(duty, action)) return {};
  if (duty == Duty::new_password)
    return fail(Errc::forbidden,
                "this session may only change its password: the first one must be replaced, with POST "
                "/api/v1/auth/password");
  return fail(Errc::forbidden,
              "this session may only set up a second factor, which the settings require: begin with POST "
              "/api/v1/auth/second-factor");
}

domain::Kinds readable_kinds(domain::Standing standing) noexcept {
  using domain::Kind;
  domain::Kinds readable{Kind::platform, Kind::feature, Kind::segment,
                         Kind::package,  Kind::client,  Kind::environment};
  if (allows(standing, Action::read_tokens)) readable.add(Kind::token);
  if (allows(standing, Action::read_admins)) readable.add(Kind::admin);
  if (allows(standing, Action::manage_api_keys)) readable.add(Kind::api_key);
  if (allows(standing, Action::manage_issuers)) readable.add(Kind::issuer);
  if (allows(standing, Action::manage_settings)) readable.add(Kind::settings);
  return readable;
}

}  // namespace togglecast::auth
