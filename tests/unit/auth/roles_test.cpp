#include "auth/roles.hpp"

#include <gtest/gtest.h>

namespace togglecast::auth {
namespace {

using domain::Kind;
using domain::Role;
using domain::Scope;
using domain::Scopes;
using domain::Standing;

TEST(Roles, ViewersReadEditorsChangeOwnersManage) {
  struct Row {
    Action action;
    bool viewer, editor, owner;
  };
  for (const Row& row :
       {Row{Action::read_catalogue, true, true, true}, Row{Action::read_activity, true, true, true},
        Row{Action::write_platforms, false, true, true}, Row{Action::write_clients, false, true, true},
        Row{Action::read_tokens, false, false, true}, Row{Action::manage_tokens, false, false, true},
        Row{Action::read_admins, false, false, true}, Row{Action::manage_admins, false, false, true},
        Row{Action::manage_environments, false, false, true}, Row{Action::send_messages, false, true, true},
        Row{Action::read_messages, false, true, true}, Row{Action::manage_keys, false, false, true},
        Row{Action::manage_issuers, false, false, true}}) {
    EXPECT_EQ(allows(Role::viewer, row.action), row.viewer);
    EXPECT_EQ(allows(Role::editor, row.action), row.editor);
    EXPECT_EQ(allows(Role::owner, row.action), row.owner);
  }
}

TEST(Roles, TheRefusalNamesWhatItTakes) {
  const auto refused = require(Role::viewer, Action::write_platforms);

  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Errc::forbidden);
  EXPECT_EQ(refused.error().message, "the role viewer may not change platforms; it takes editor");
}

TEST(Roles, WhoHasNoneMayNothing) {
  for (const Permission& one : kPermissions) EXPECT_FALSE(allows(Role::none, one.action)) << one.name;
}

TEST(Roles, AnOwnerOfOneEnvironmentDecidesNothingForTheInstallation) {
  const Standing here(Role::owner, false);

  EXPECT_TRUE(allows(here, Action::manage_tokens));
  for (const Action action : {Action::read_admins, Action::manage_admins, Action::manage_environments,
                              Action::manage_keys, Action::manage_api_keys}) {
    EXPECT_FALSE(allows(here, action));
    EXPECT_TRUE(allows(Role::owner, action));
  }
  EXPECT_EQ(require(here, Action::manage_admins).error().message,
            "an owner of one environment may not manage admins; it takes an owner of the installation");
  EXPECT_TRUE(readable_kinds(here).contains(Kind::token));
  EXPECT_FALSE(readable_kinds(here).contains(Kind::admin));
}

TEST(Roles, AnApiKeyMayWhatItsScopesSay) {
  EXPECT_TRUE(allows(Scopes{Scope::write_features}, Action::write_features));
  EXPECT_FALSE(allows(Scopes{Scope::write_features}, Action::write_platforms));
  EXPECT_FALSE(allows(Scopes{Scope::write_features}, Action::read_catalogue));
  EXPECT_TRUE(allows(Scopes{Scope::write_features}, Action::undo_changes));
  EXPECT_FALSE(allows(Scopes{Scope::read, Scope::evaluate, Scope::stream}, Action::undo_changes));
  EXPECT_TRUE(allows(Scopes{Scope::flagd}, Action::read_flagd_file));
  EXPECT_FALSE(allows(Scopes{Scope::flagd}, Action::read_catalogue));
  EXPECT_EQ(require(Scopes{Scope::read}, Action::write_platforms).error().message,
            "this API key may not change platforms; it takes the scope write:platforms");
  Scopes every;
  for (const Scope scope : domain::kAllScopes) every.add(scope);
  for (const Permission& one : kPermissions) {
    if (one.reach == Reach::installation || one.least == Role::owner) {
      EXPECT_FALSE(allows(every, one.action)) << one.name;
    }
  }
  EXPECT_EQ(require(every, Action::manage_api_keys).error().message,
            "this API key may not manage API keys; no scope allows it");
}

TEST(Roles, ClientsReadTheirAssetsAndActAsClients) {
  for (const Permission& one : kPermissions) {
    const bool open = one.action == Action::read_asset || one.action == Action::use_features ||
                      one.action == Action::evaluate_flags || one.action == Action::acknowledge_messages;
    EXPECT_EQ(require_client(one.action).has_value(), open) << one.name;
  }
}

TEST(Roles, ADutyLeavesWhatItTakesToDoIt) {
  for (const Permission& one : kPermissions) {
    const bool account = one.action == Action::log_out;
    EXPECT_TRUE(allows(Duty::none, one.action)) << one.name;
    EXPECT_EQ(allows(Duty::new_password, one.action), account || one.action == Action::change_password)
        << one.name;
    EXPECT_EQ(allows(Duty::second_factor, one.action), account || one.action == Action::manage_second_factor)
        << one.name;
  }
  EXPECT_EQ(require(Duty::new_password, Action::follow_changes).error().code, Errc::forbidden);
  EXPECT_EQ(require(Duty::second_factor, Action::read_asset).error().code, Errc::forbidden);
}

TEST(Roles, OnlyOwnersSeeTokensAndAdmins) {
  EXPECT_EQ(readable_kinds(Role::viewer), (domain::Kinds{Kind::platform, Kind::feature, Kind::segment,
                                                         Kind::package, Kind::client, Kind::environment}));
  EXPECT_EQ(readable_kinds(Role::editor), readable_kinds(Role::viewer));
  EXPECT_TRUE(readable_kinds(Role::owner).contains(Kind::token));
  EXPECT_TRUE(readable_kinds(Role::owner).contains(Kind::issuer));
  EXPECT_TRUE(readable_kinds(Role::owner).contains(Kind::settings));
  EXPECT_FALSE(readable_kinds(Standing(Role::owner, false)).contains(Kind::settings));
  EXPECT_FALSE(readable_kinds(Role::owner).contains(Kind::signing_key));
  EXPECT_FALSE(readable_kinds(Role::owner).contains(Kind::second_factor));
}

}  // namespace
}  // namespace togglecast::auth
