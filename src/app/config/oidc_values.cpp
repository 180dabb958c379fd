#include "app/config/oidc_values.hpp"

#include <algorithm>

#include "base/control_characters.hpp"
#include "base/utf8.hpp"
#include "wire/http/origin.hpp"

namespace togglecast::app {
namespace {

constexpr std::size_t kLongestIssuer = 1'024;
constexpr std::size_t kLongestText = 512;
constexpr std::uint64_t kLeastSession = 300;
constexpr std::uint64_t kMostSession = 30UL * 24 * 3'600;

// What browsers, URLs and forms carry without questions.
bool is_visible(std::string_view text, bool spaces = false) {
  return !text.empty() && text.size() <= kLongestText &&
         std::all_of(text.begin(), text.end(),
                     [spaces](char c) { return (c > ' ' && c < '\x7f') || (spaces && c == ' '); });
}

Result<void> set_visible(std::string& into, const std::string& text) {
  if (!is_visible(text))
    return refuse("'" + text + "' is not 1 to 512 visible ASCII characters without spaces");
  into = text;
  return {};
}

bool is_given(const Settings& settings) {
  const service::oidc::Options fresh;
  const auto& oidc = settings.oidc;
  return !oidc.client_id.empty() || !oidc.client_secret.empty() ||
         !settings.oidc_client_secret_file.empty() || !oidc.roles.empty() ||
         oidc.default_role != fresh.default_role;
}

}  // namespace

Result<void> set_oidc_issuer(Settings& settings, const Values& values) {
  const std::string& text = values.front();
  const std::size_t scheme = text.find("://");
  const std::size_t path = scheme == std::string::npos ? scheme : text.find('/', scheme + 3);
  const auto origin = wire::http::parse_origin(text.substr(0, path));
  if (!origin || (origin->scheme != "https" && origin->scheme != "http") || text.size() > kLongestIssuer ||
      !is_visible(text.substr(0, kLongestText)) || text.find_first_of("?#") != std::string::npos)
    return refuse(
        "'" + text +
        "' is not the URL of an issuer; write it as the provider does, like https://sso.example/realms/"
        "main");
  settings.oidc.issuer = text;
  if (settings.oidc.name.empty()) settings.oidc.name = origin->authority.host;
  return {};
}

Result<void> set_oidc_client_id(Settings& settings, const Values& values) {
  return set_visible(settings.oidc.client_id, values.front());
}

// No message quotes the text.
Result<void> set_oidc_client_secret(Settings& settings, const Values& values) {
  if (!is_visible(values.front(), true)) return refuse("the secret is not 1 to 512 visible ASCII characters");
  settings.oidc.client_secret = Secret(values.front());
  return {};
}

Result<void> set_oidc_scopes(Settings& settings, const Values& values) {
  const std::string& text = values.front();
  if (!is_visible(text, true) || text.find_first_of("\"\\") != std::string::npos)
    return refuse("'" + text + "' is not a list of scopes; write one like 'openid profile email groups'");
  const std::string padded = ' ' + text + ' ';
  settings.oidc.scopes = padded.find(" openid ") == std::string::npos ? "openid " + text : text;
  return {};
}

Result<void> set_oidc_name(Settings& settings, const Values& values) {
  const std::string& text = values.front();
  constexpr std::size_t kLongestShown = 60;
  if (text.empty() || text.size() > kLongestShown || !is_valid_utf8(text) || find_control_character(text))
    return refuse("the name is not one line of 1 to 60 bytes of UTF-8");
  settings.oidc.name = text;
  return {};
}

Result<void> set_oidc_username_claim(Settings& settings, const Values& values) {
  return set_visible(settings.oidc.username_claim, values.front());
}

Result<void> set_oidc_groups_claim(Settings& settings, const Values& values) {
  return set_visible(settings.oidc.groups_claim, values.front());
}

Result<void> set_oidc_roles(Settings& settings, const Values& values) {
  constexpr std::size_t kMostRules = 1'000;
  if (values.size() > kMostRules) return refuse("there are more than 1000 rules");
  settings.oidc.roles.clear();
  for (const std::string& value : values) {
    auto rule = service::oidc::parse_role_rule(value);
    if (!rule) return tl::unexpected(rule.error());
    settings.oidc.roles.push_back(*std::move(rule));
  }
  return {};
}

Result<void> set_oidc_default_role(Settings& settings, const Values& values) {
  const auto role = domain::parse_role(values.front());
  if (!role) return refuse("'" + values.front() + "' is not none, viewer, editor or owner");
  settings.oidc.default_role = *role;
  return {};
}

Result<void> set_oidc_algorithm(Settings& settings, const Values& values) {
  const auto algorithm = auth::parse_public_algorithm(values.front());
  if (!algorithm) return refuse("'" + values.front() + "' is not RS256, ES256 or EdDSA");
  settings.oidc.algorithm = *algorithm;
  return {};
}

Result<void> set_oidc_session(Settings& settings, const Values& values) {
  return read_number(values.front(), kLeastSession, kMostSession).map([&](std::uint64_t seconds) {
    settings.oidc.session = std::chrono::seconds{seconds};
  });
}

Result<void> check_oidc(const Settings& settings) {
  const auto& oidc = settings.oidc;
  if (oidc.issuer.empty() && is_given(settings))
    return refuse("the options --oidc-… need --oidc-issuer; name the provider, or leave them out");
  if (oidc.issuer.empty()) return {};
  if (oidc.client_id.empty())
    return refuse("--oidc-issuer needs --oidc-client-id; register this server at the provider");
  if (!oidc.client_secret.empty() && !settings.oidc_client_secret_file.empty())
    return refuse("--oidc-client-secret and --oidc-client-secret-file name two secrets; give one of them");
  if (oidc.roles.empty() && oidc.default_role == domain::Role::none)
    return refuse(
        "--oidc-issuer needs --oidc-role or --oidc-default-role; without a role, nobody could log in that "
        "way");
  return {};
}

}  // namespace togglecast::app
