#include "socketio/packets/arguments.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace togglecast::socketio {
namespace {

TEST(Arguments, AreMadeFromOrdinaryValues) {
  const auto args = arguments(1, "two", std::string("three"), 4.5, true, nullptr, std::vector<int>{6, 7},
                              std::map<std::string, int>{{"eight", 8}});

  EXPECT_EQ(json::serialize(args.values), R"([1,"two","three",4.5,true,null,[6,7],{"eight":8}])");
}

TEST(Arguments, BinaryPartsKeepTheirPlaces) {
  const auto args = arguments(Binary{SharedBytes("a")}, "x", Binary{SharedBytes("b")});

  ASSERT_EQ(args.attachments.size(), 2U);
  EXPECT_EQ(binary(args, args.values[0])->view(), "a");
  EXPECT_EQ(binary(args, args.values[1]), nullptr);
  EXPECT_EQ(binary(args, args.values[2])->view(), "b");
}

TEST(Arguments, LookalikesAreNoBinaryParts) {
  const auto args = arguments(Binary{SharedBytes("a")});

  for (const json::value& value :
       {json::value{{"_placeholder", true}, {"num", 1}}, json::value{{"_placeholder", true}, {"num", -1}},
        json::value{{"_placeholder", true}, {"num", 0.5}}, json::value{{"_placeholder", true}, {"num", "0"}},
        json::value{{"_placeholder", false}, {"num", 0}}, json::value{{"num", 0}}, json::value("text"),
        json::value(nullptr)})
    EXPECT_EQ(binary(args, value), nullptr) << json::serialize(value);
}

TEST(Arguments, TheNameComesFirst) {
  EXPECT_EQ(json::serialize(with_name("news", arguments(1, 2)).values), R"(["news",1,2])");
}

}  // namespace
}  // namespace togglecast::socketio
