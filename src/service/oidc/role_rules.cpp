#include "service/oidc/role_rules.hpp"

#include <algorithm>

#include "domain/schema/ids.hpp"

namespace togglecast::service::oidc {
namespace {

constexpr std::size_t kLongestGroup = 512;

tl::unexpected<Error> bad_rule(std::string_view text, std::string_view why) {
  return fail(Errc::invalid_argument,
              "'" + std::string(text) + "' " + std::string(why) +
                  "; write one like owner=platform-team, or staging:editor=developers "
                  "for one environment");
}

}  // namespace

Result<RoleRule> parse_role_rule(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) return bad_rule(text, "has no '='");
  const std::string_view left = text.substr(0, equals);
  const std::size_t colon = left.rfind(':');
  const auto role = domain::parse_role(colon == std::string_view::npos ? left : left.substr(colon + 1));
  if (!role || *role == domain::Role::none)
    return bad_rule(text, "does not name the role viewer, editor or owner before '='");
  RoleRule rule{{}, *role, std::string(text.substr(equals + 1))};
  if (rule.group.empty()) return bad_rule(text, "names no group behind '='");
  if (rule.group.size() > kLongestGroup) return bad_rule(text, "names a group of more than 512 bytes");
  if (colon == std::string_view::npos) return rule;
  rule.environment = left.substr(0, colon);
  if (!domain::is_key(rule.environment))
    return bad_rule(text, "does not begin with the key of an environment");
  return rule;
}

Roles roles_of(const std::vector<std::string>& groups, const std::vector<RoleRule>& rules,
               domain::Role otherwise) {
  Roles roles;
  for (const RoleRule& rule : rules) {
    if (std::find(groups.begin(), groups.end(), rule.group) == groups.end()) continue;
    domain::Role& role = rule.environment.empty() ? roles.installation : roles.environments[rule.environment];
    role = std::max(role, rule.role);
  }
  if (roles.installation == domain::Role::none) roles.installation = otherwise;
  return roles;
}

}  // namespace togglecast::service::oidc
