#include "auth/roles.hpp"

#include <gtest/gtest.h>

namespace togglecast::auth {
namespace {

using domain::Kind;
using domain::Role;

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
        Row{Action::read_messages, false, true, true}, Row{Action::manage_keys, false, false, true}}) {
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

TEST(Roles, OnlyOwnersSeeTokensAndAdmins) {
  EXPECT_EQ(readable_kinds(Role::viewer), (domain::Kinds{Kind::platform, Kind::feature, Kind::segment,
                                                         Kind::package, Kind::client, Kind::environment}));
  EXPECT_EQ(readable_kinds(Role::editor), readable_kinds(Role::viewer));
  EXPECT_TRUE(readable_kinds(Role::owner).contains(Kind::token));
  EXPECT_FALSE(readable_kinds(Role::owner).contains(Kind::signing_key));
}

}  // namespace
}  // namespace togglecast::auth
