#include "service/catalogue/merge_patch.hpp"

#include <gtest/gtest.h>

namespace togglecast::service {
namespace {

std::string merged(const char* before, const char* patch) {
  return json::canonical(merged_members(json::parse(before)->get_object(), *json::parse(patch)));
}

TEST(MergePatch, NamesOnlyTheMembersOfThePatch) {
  EXPECT_EQ(merged(R"({"name":"Web","config":{"a":1}})", R"({"name":"App"})"), R"({"name":"App"})");
}

TEST(MergePatch, MergesObjectsAtEveryLevelAndRemovesWithNull) {
  EXPECT_EQ(merged(R"({"config":{"a":1,"b":{"c":1,"d":[1,2]}}})",
                   R"({"config":{"b":{"c":null,"d":[3],"e":{"f":null,"g":2}}}})"),
            R"({"config":{"a":1,"b":{"d":[3],"e":{"g":2}}}})");
}

TEST(MergePatch, ReplacesWhatIsNoObject) {
  EXPECT_EQ(merged(R"({"config":[1]})", R"({"config":{"a":null,"b":2}})"), R"({"config":{"b":2}})");
  EXPECT_EQ(merged(R"({"config":{"a":1}})", R"({"config":[null]})"), R"({"config":[null]})");
}

TEST(MergePatch, LeavesANullAtTheTopToTheEntity) {
  EXPECT_EQ(merged(R"({"package_id":3})", R"({"package_id":null})"), R"({"package_id":null})");
}

}  // namespace
}  // namespace togglecast::service
