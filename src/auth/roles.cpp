#include "auth/roles.hpp"

#include <array>
#include <string>

namespace togglecast::auth {
namespace {

using domain::Role;

struct Rule {
  Action action;
  std::string_view name;
  Role least;  // this role and the ones above it
};

constexpr std::array kRules{
    Rule{Action::read_catalogue, "read the catalogue", Role::viewer},
    Rule{Action::write_platforms, "change platforms", Role::editor},
    Rule{Action::write_features, "change features", Role::editor},
    Rule{Action::write_segments, "change segments", Role::editor},
    Rule{Action::write_packages, "change packages", Role::editor},
    Rule{Action::write_clients, "change clients", Role::editor},
    Rule{Action::read_activity, "read the activity feed", Role::viewer},
    Rule{Action::read_tokens, "read token records", Role::owner},
    Rule{Action::manage_tokens, "issue or revoke tokens", Role::owner},
    Rule{Action::read_admins, "read the list of admins", Role::owner},
    Rule{Action::manage_admins, "manage admins", Role::owner},
    Rule{Action::manage_environments, "make or copy environments", Role::owner},
    Rule{Action::send_messages, "send messages to connections", Role::editor},
    Rule{Action::read_messages, "read messages that were sent to others", Role::editor},
    Rule{Action::manage_keys, "rotate the keys that sign tokens", Role::owner},
};

constexpr const Rule& rule_of(Action action) noexcept { return kRules[static_cast<std::size_t>(action)]; }

constexpr bool in_order() {
  for (std::size_t i = 0; i < kRules.size(); ++i)
    if (kRules[i].action != static_cast<Action>(i)) return false;
  return true;
}
static_assert(in_order(), "the table lists every action, in the order of the enumeration");

}  // namespace

bool allows(Role role, Action action) noexcept { return role >= rule_of(action).least; }

Result<void> require(Role role, Action action) {
  if (allows(role, action)) return {};
  const Rule& rule = rule_of(action);
  return fail(Errc::forbidden, "the role " + std::string(to_string(role)) + " may not " +
                                   std::string(rule.name) + "; it takes " +
                                   std::string(to_string(rule.least)));
}

domain::Kinds readable_kinds(Role role) noexcept {
  using domain::Kind;
  if (allows(role, Action::read_tokens))
    return {Kind::platform, Kind::feature, Kind::segment, Kind::package,
            Kind::client,   Kind::token,   Kind::admin,   Kind::environment};
  return {Kind::platform, Kind::feature, Kind::segment, Kind::package, Kind::client, Kind::environment};
}

}  // namespace togglecast::auth
