#include "service/oidc/role_rules.hpp"

#include <gmock/gmock.h>

namespace togglecast::service::oidc {
namespace {

using domain::Role;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

TEST(RoleRule, NamesRoleAndGroupAndMaybeAnEnvironment) {
  EXPECT_EQ(parse_role_rule("owner=platform-team").value(), (RoleRule{{}, Role::owner, "platform-team"}));
  EXPECT_EQ(parse_role_rule("staging:editor=dev").value(), (RoleRule{"staging", Role::editor, "dev"}));
  EXPECT_EQ(parse_role_rule("eu:staging:viewer=cn=dev,ou=x").value(),
            (RoleRule{"eu:staging", Role::viewer, "cn=dev,ou=x"}));
  EXPECT_EQ(parse_role_rule("viewer=/a b").value().group, "/a b");
}

TEST(RoleRule, IsRefusedWhenAPartIsMissing) {
  for (const char* text :
       {"", "owner", "owner=", "=group", "chief=group", "none=group", ":owner=group", "a/b:owner=group"})
    EXPECT_FALSE(parse_role_rule(text)) << text;
  EXPECT_FALSE(parse_role_rule("owner=" + std::string(513, 'x')));
}

TEST(Roles, AreTheStrongestThatTheGroupsGive) {
  const std::vector<RoleRule> rules{{{}, Role::viewer, "all"},
                                    {{}, Role::owner, "admins"},
                                    {{}, Role::editor, "developers"},
                                    {"staging", Role::editor, "testers"},
                                    {"staging", Role::viewer, "all"}};

  const Roles all = roles_of({"all", "developers", "testers"}, rules, Role::none);
  EXPECT_EQ(all.installation, Role::editor);
  EXPECT_THAT(all.environments, UnorderedElementsAre(Pair("staging", Role::editor)));
  EXPECT_EQ(roles_of({"admins", "all"}, rules, Role::none).installation, Role::owner);
  EXPECT_EQ(roles_of({"Admins"}, rules, Role::none).installation, Role::none) << "groups keep their case";
}

TEST(Roles, OfAStrangerAreTheDefault) {
  const std::vector<RoleRule> rules{{"staging", Role::editor, "testers"}};

  EXPECT_FALSE(roles_of({"others"}, rules, Role::none).any());
  EXPECT_EQ(roles_of({"others"}, rules, Role::viewer).installation, Role::viewer);
  const Roles tester = roles_of({"testers"}, rules, Role::none);
  EXPECT_TRUE(tester.any());
  EXPECT_EQ(tester.installation, Role::none);
  EXPECT_THAT(roles_of({}, {}, Role::none).environments, IsEmpty());
}

}  // namespace
}  // namespace togglecast::service::oidc
