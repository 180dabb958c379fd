// Who may do what: the one table, for REST and sockets alike (decision 0053). Every route and every event
// names its action. docs/security.md shows the table against all of them, and a test tries them all.
// Thread rule: constants.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "auth/duty.hpp"
#include "domain/schema/role.hpp"
#include "domain/schema/scope.hpp"

namespace togglecast::auth {

enum class Action : std::uint8_t {
  read_catalogue,  ///< platforms, features, segments, packages, clients, and what became of messages to them
  read_asset,
  evaluate,
  write_platforms,
  write_features,
  write_segments,
  write_packages,
  write_clients,
  undo_changes,  ///< the service also asks for the right to change each entity
  read_activity,
  follow_changes,  ///< connect to `/admin`
  acknowledge_messages,
  send_messages,    ///< announcements, notifications, the system's status, a repeated full state
  read_messages,    ///< those that wait for acknowledgements, and who acknowledged them
  end_connections,  ///< of clients; and see the addresses of connections
  read_tokens,
  manage_tokens,         ///< issue and revoke
  read_process,          ///< metrics and detailed health
  log_out,               ///< of the own session
  use_account,           ///< see and end the own sessions
  change_password,       ///< the own one
  manage_second_factor,  ///< the own one
  read_admins,
  manage_admins,
  manage_environments,  ///< make them, and copy one into another
  manage_keys,          ///< announce another key that signs tokens
  manage_api_keys,      ///< list them, too
  manage_issuers,       ///< whose tokens of clients are trusted; list them, too
  manage_settings,      ///< of the installation; read them, too
  use_features,         ///< everything on `/client`
  evaluate_flags,       ///< by OFREP, as the client of the token or for one that is named
  read_flagd_file,      ///< of a client that is named
};

/// Whose role counts.
enum class Reach : std::uint8_t {
  environment,   ///< the role in the environment of the session
  installation,  ///< the role for the installation
};

struct Permission {
  Action action;
  std::string_view name;              ///< "the role viewer may not …"
  std::optional<domain::Role> least;  ///< this role and the ones above it; nothing: no admin
  Reach reach = Reach::environment;
  domain::Scopes scopes{};  ///< an API key with one of them may; none: no API key
  bool clients = false;     ///< tokens of clients open it
  Duties duties{};          ///< a session may do it although its admin has one of them
};

inline constexpr domain::Scopes kWriteScopes{domain::Scope::write_platforms, domain::Scope::write_features,
                                             domain::Scope::write_segments, domain::Scope::write_packages,
                                             domain::Scope::write_clients};

namespace detail {

using domain::Role;
using domain::Scope;
using Own = std::optional<Role>;
inline constexpr Reach kHere = Reach::environment;
inline constexpr Reach kAll = Reach::installation;

}  // namespace detail

// clang-format off
inline constexpr std::array kPermissions{
    Permission{Action::read_catalogue, "read the catalogue", detail::Role::viewer, detail::kHere, {detail::Scope::read}},
    Permission{Action::read_asset, "read assets", detail::Role::viewer, detail::kHere, {detail::Scope::read}, true},
    Permission{Action::evaluate, "evaluate features", detail::Role::viewer, detail::kHere, {detail::Scope::evaluate}},
    Permission{Action::write_platforms, "change platforms", detail::Role::editor, detail::kHere, {detail::Scope::write_platforms}},
    Permission{Action::write_features, "change features", detail::Role::editor, detail::kHere, {detail::Scope::write_features}},
    Permission{Action::write_segments, "change segments", detail::Role::editor, detail::kHere, {detail::Scope::write_segments}},
    Permission{Action::write_packages, "change packages", detail::Role::editor, detail::kHere, {detail::Scope::write_packages}},
    Permission{Action::write_clients, "change clients", detail::Role::editor, detail::kHere, {detail::Scope::write_clients}},
    Permission{Action::undo_changes, "undo changes", detail::Role::editor, detail::kHere, kWriteScopes},
    Permission{Action::read_activity, "read the activity feed", detail::Role::viewer, detail::kHere, {detail::Scope::read}},
    Permission{Action::follow_changes, "follow changes", detail::Role::viewer, detail::kHere, {detail::Scope::stream}},
    Permission{Action::acknowledge_messages, "acknowledge messages", detail::Role::viewer, detail::kHere, {}, true},
    Permission{Action::send_messages, "send messages to connections", detail::Role::editor},
    Permission{Action::read_messages, "read messages that were sent to others", detail::Role::editor},
    Permission{Action::end_connections, "end connections", detail::Role::editor},
    Permission{Action::read_tokens, "read token records", detail::Role::owner},
    Permission{Action::manage_tokens, "issue or revoke tokens", detail::Role::owner},
    Permission{Action::read_process, "read metrics and detailed health", detail::Role::viewer, detail::kHere, {detail::Scope::read}},
    Permission{Action::log_out, "log out", detail::Role::viewer, detail::kHere, {}, false, {Duty::new_password, Duty::second_factor}},
    Permission{Action::use_account, "use an account of its own", detail::Role::viewer},
    Permission{Action::change_password, "change its own password", detail::Role::viewer, detail::kHere, {}, false, {Duty::new_password}},
    Permission{Action::manage_second_factor, "manage its own second factor", detail::Role::viewer, detail::kHere, {}, false, {Duty::second_factor}},
    Permission{Action::read_admins, "read the list of admins", detail::Role::owner, detail::kAll},
    Permission{Action::manage_admins, "manage admins", detail::Role::owner, detail::kAll},
    Permission{Action::manage_environments, "make or copy environments", detail::Role::owner, detail::kAll},
    Permission{Action::manage_keys, "rotate the keys that sign tokens", detail::Role::owner, detail::kAll},
    Permission{Action::manage_api_keys, "manage API keys", detail::Role::owner, detail::kAll},
    Permission{Action::manage_issuers, "manage the issuers of tokens", detail::Role::owner, detail::kAll},
    Permission{Action::manage_settings, "read or change the settings of the installation", detail::Role::owner, detail::kAll},
    Permission{Action::use_features, "act as a client", std::nullopt, detail::kHere, {}, true},
    Permission{Action::evaluate_flags, "evaluate by OFREP", detail::Role::viewer, detail::kHere, {detail::Scope::evaluate}, true},
    Permission{Action::read_flagd_file, "read files for flagd", detail::Role::viewer, detail::kHere, {detail::Scope::flagd, detail::Scope::read}},
};
// clang-format on

[[nodiscard]] constexpr const Permission& permission(Action action) noexcept {
  return kPermissions[static_cast<std::size_t>(action)];
}

namespace detail {

constexpr bool in_order() {
  for (std::size_t i = 0; i < kPermissions.size(); ++i) {
    if (kPermissions[i].action != static_cast<Action>(i)) return false;
    // Of the installation there are owners and others.
    if (kPermissions[i].reach == Reach::installation && kPermissions[i].least != Role::owner) return false;
    if (kPermissions[i].least == Role::none) return false;
  }
  return static_cast<std::size_t>(Action::read_flagd_file) + 1 == kPermissions.size();
}
static_assert(in_order(), "the table lists every action, in the order of the enumeration");

}  // namespace detail

}  // namespace togglecast::auth
