#include "base/json_members.hpp"

#include <gtest/gtest.h>

namespace togglecast::json {
namespace {

TEST(JsonMembers, AreUniqueWhenNoObjectHasANameTwice) {
  for (const auto* text :
       {"{}", R"({"a":1,"b":{"a":1,"c":[{"a":1},{"a":2}]}})", "[]", "7", R"({"":1,"A":2,"a":3})"})
    EXPECT_TRUE(members_are_unique(text, 8)) << text;
}

TEST(JsonMembers, AreNotUniqueWhenOneHas) {
  for (const auto* text : {R"({"a":1,"a":1})", R"({"b":{"a":1,"a":2}})", R"([{"a":1,"\u0061":2}])",
                           R"({"b":{"c":1},"a":[{}],"b":0})"})
    EXPECT_FALSE(members_are_unique(text, 8)) << text;
}

TEST(JsonMembers, AreNotUniqueInWhatIsNoJson) {
  for (const auto* text : {"", "{", "{} {}", R"({"a":"\ud800"})", "[[[[]]]]"})
    EXPECT_FALSE(members_are_unique(text, 3)) << text;
}

}  // namespace
}  // namespace togglecast::json
