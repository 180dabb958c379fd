#include "base/text/plain_json.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "base/json.hpp"

namespace togglecast::json {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

constexpr std::size_t kDepth = 8;

TEST(PlainJson, IsWhatStringifyWritesOfEverydayValues) {
  for (const std::string_view text : {"0",
                                      "-0",
                                      "7",
                                      "-12",
                                      "123456789012345",
                                      "0.5",
                                      "-3.25",
                                      "true",
                                      "false",
                                      "null",
                                      R"("")",
                                      R"("text")",
                                      R"("a \"quoted\" \\ \/ \b\f\n\r\t text")",
                                      R"("grüße, 你好, 🎉")",
                                      "[]",
                                      "{}",
                                      "[1,2,[3]]",
                                      R"({"a":1})",
                                      R"({"a":{"b":[true,null]},"c":"d"})",
                                      R"(["a string that is longer than sixteen bytes \" with a quote"])"}) {
    EXPECT_EQ(plain_length(text, kDepth), text.size()) << text;
    EXPECT_TRUE(parse(text).has_value()) << text;
  }
}

TEST(PlainJson, EndsBehindTheFirstValue) {
  EXPECT_EQ(plain_length("1,2", kDepth), 1U);
  EXPECT_EQ(plain_length(R"("a",{"b":1})", kDepth), 3U);
  EXPECT_EQ(plain_length("{}]", kDepth), 2U);
  EXPECT_EQ(plain_length("truely", kDepth), 4U);
}

TEST(PlainJson, IsNothingThatNeedsAReaderOfValues) {
  for (const std::string_view text : {""sv,
                                      " 1"sv,
                                      "[ 1]"sv,
                                      "[1 ]"sv,
                                      R"({"a" :1})"sv,
                                      R"({"a": 1})"sv,
                                      "01"sv,
                                      "-"sv,
                                      "+1"sv,
                                      "1."sv,
                                      ".5"sv,
                                      "1e2"sv,
                                      "1E+2"sv,
                                      "0.5e1"sv,
                                      "1234567890123456"sv,
                                      "0.1234567890123456"sv,
                                      "tru"sv,
                                      "nul"sv,
                                      "True"sv,
                                      R"("\u0041")"sv,
                                      R"("\ud800")"sv,
                                      R"("\x")"sv,
                                      "\"\\"sv,
                                      "\"open"sv,
                                      "\"line\nbreak\""sv,
                                      "\"a\0b\""sv,
                                      "\"\\\0\""sv,
                                      "'a'"sv,
                                      "["sv,
                                      "[1"sv,
                                      "[1,"sv,
                                      "[1,]"sv,
                                      "[,1]"sv,
                                      "[1 2]"sv,
                                      "[1}"sv,
                                      "{"sv,
                                      R"({"a")"sv,
                                      R"({"a":)"sv,
                                      R"({"a":1)"sv,
                                      R"({"a":1,)"sv,
                                      R"({"a":1,})"sv,
                                      R"({1:2})"sv,
                                      R"({"a",1})"sv,
                                      R"({"a":1])"sv,
                                      R"({:1})"sv,
                                      R"([1:2])"sv,
                                      R"(["a":1])"sv})
    EXPECT_EQ(plain_length(text, kDepth), 0U) << text;
}

TEST(PlainJson, NestsAsDeepAsItMay) {
  for (const std::size_t depth : {std::size_t{0}, std::size_t{1}, std::size_t{5}, kMostPlainDepth}) {
    std::string text = std::string(depth, '[') + '1' + std::string(depth, ']');
    EXPECT_EQ(plain_length(text, depth), text.size()) << depth;
    text = '[' + text + ']';
    EXPECT_EQ(plain_length(text, depth), 0U) << depth;
  }
  const std::string deepest = std::string(kMostPlainDepth + 1, '[') + std::string(kMostPlainDepth + 1, ']');
  EXPECT_EQ(plain_length(deepest, 1'000), 0U);
  std::string mixed;
  for (int i = 0; i < 20; ++i) mixed += R"([{"a":)";
  mixed += '1';
  for (int i = 0; i < 20; ++i) mixed += "}]";
  EXPECT_EQ(plain_length(mixed, kMostPlainDepth), mixed.size());
}

TEST(PlainJson, FindsWhatIsNotPlainAtEveryPlaceOfAString) {
  for (std::size_t size = 0; size < 40; ++size)
    for (std::size_t at = 0; at < size; ++at) {
      std::string text = '"' + std::string(size, 'x') + '"';
      text[at + 1] = '\x1f';
      EXPECT_EQ(plain_length(text, kDepth), 0U) << size << ' ' << at;
      text[at + 1] = '"';
      EXPECT_EQ(plain_length(text, kDepth), at + 2) << size << ' ' << at;
    }
}

std::vector<std::pair<std::string, std::string>> members_of(std::string_view text, bool complete) {
  std::vector<std::pair<std::string, std::string>> found;
  PlainMembers members(text);
  while (const auto member = members.next()) found.emplace_back(member->key, member->value);
  EXPECT_EQ(members.complete(), complete) << text;
  EXPECT_FALSE(members.next().has_value());
  return found;
}

TEST(PlainJson, WalksOverTheMembersOfAnObject) {
  using Members = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(members_of("{}", true), Members{});
  EXPECT_EQ(members_of(R"({"revision":42})", true), (Members{{"revision", "42"}}));
  EXPECT_EQ(members_of(R"({"a":"x,}","b":{"c":[1]},"a":null})", true),
            (Members{{"a", R"("x,}")"}, {"b", R"({"c":[1]})"}, {"a", "null"}}));
  EXPECT_EQ(members_of(R"({"a":1},2)", false), (Members{{"a", "1"}}));
  EXPECT_EQ(members_of("{},{}", false), Members{});
  for (const char* other : {"", "1", "[]", R"(["a"])", R"("{}")"})
    EXPECT_EQ(members_of(other, false), Members{});
}

TEST(PlainJson, ReadsStringsWithoutEscapesAndIntegers) {
  EXPECT_EQ(plain_string(R"("dark mode")"), "dark mode");
  EXPECT_EQ(plain_string(R"("")"), "");
  for (const char* other : {R"("a\"b")", "1", "", "\"", "null"})
    EXPECT_EQ(plain_string(other), std::nullopt) << other;
  EXPECT_EQ(plain_integer("42"), 42);
  EXPECT_EQ(plain_integer("-7"), -7);
  for (const char* other : {"", "4.0", R"("4")", "null", "4,5"})
    EXPECT_EQ(plain_integer(other), std::nullopt) << other;
}

}  // namespace
}  // namespace togglecast::json
