#include "base/json.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <charconv>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace togglecast::json {
namespace {

std::string rewritten(std::string_view text) {
  const auto parsed = parse(text);
  return parsed ? json::serialize(*parsed) : "error: " + parsed.error().message;
}

TEST(Json, WritesWhatItReadWithoutSpaces) {
  const std::vector<std::pair<std::string_view, std::string_view>> cases = {
      {"null", "null"},
      {" [ 1 , true,false , null ] ", "[1,true,false,null]"},
      {R"({"b":1,"a":{"x":[]},"c":{}})", R"({"b":1,"a":{"x":[]},"c":{}})"},
      {R"({"__proto__":1,"constructor":{"toString":2}})", R"({"__proto__":1,"constructor":{"toString":2}})"},
      {R"("\/\u0041\u00e9\u0000\u001f\"\\\b\f\n\r\t")",
       "\"/A\xc3\xa9\\u0000\\u001f\\\"\\\\\\b\\f\\n\\r\\t\""},
      {"\"\x7f\xe2\x80\xa8\"", "\"\x7f\xe2\x80\xa8\""},
      {R"("\ud83d\ude00")", "\"\xf0\x9f\x98\x80\""},
      {R"("\uD83D\uDE00")", "\"\xf0\x9f\x98\x80\""},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(rewritten(text), expected) << text;
}

TEST(Json, EscapesAByteWhereverItStands) {
  for (std::size_t length = 1; length <= 40; ++length) {
    const std::string plain(length, 'x');
    EXPECT_EQ(json::serialize(json::value(plain)), '"' + plain + '"');
    for (std::size_t at = 0; at < length; ++at) {
      std::string text = plain;
      text[at] = '\n';
      EXPECT_EQ(json::serialize(json::value(text)),
                '"' + text.substr(0, at) + "\\n" + text.substr(at + 1) + '"');
      text.replace(at, 1, "\xc3\xa9");
      EXPECT_EQ(json::serialize(json::value(text)), '"' + text + '"');
    }
  }
}

TEST(Json, KeepsLoneSurrogates) {
  EXPECT_EQ(rewritten(R"("\ud800")"), R"("\ud800")");
  EXPECT_EQ(rewritten(R"("a\uDC00b")"), R"("a\udc00b")");
  EXPECT_EQ(rewritten(R"("\ud800\ud83d\ude00\udfff")"), "\"\\ud800\xf0\x9f\x98\x80\\udfff\"");
  EXPECT_EQ(rewritten(R"("\udc00\ud800")"), R"("\udc00\ud800")");
  EXPECT_EQ(rewritten(R"("\\ud800")"), R"("\\ud800")");
  EXPECT_EQ(rewritten(R"({"\ud800":1})"), R"({"\ud800":1})");
}

TEST(Json, WritesNumbersAsEcmaScriptDoes) {
  const std::vector<std::pair<std::string_view, std::string_view>> cases = {
      {"0", "0"},
      {"-0", "0"},
      {"-0.0", "0"},
      {"1.0", "1"},
      {"0.1", "0.1"},
      {"-1.5", "-1.5"},
      {"1e-7", "1e-7"},
      {"0.000001", "0.000001"},
      {"1E5", "100000"},
      {"1e20", "100000000000000000000"},
      {"1e21", "1e+21"},
      {"123456789012345680000", "123456789012345680000"},
      {"5e-324", "5e-324"},
      {"1.7976931348623157e308", "1.7976931348623157e+308"},
      {"9007199254740991", "9007199254740991"},
      {"-9223372036854775808", "-9223372036854775808"},
      {"18446744073709551615", "18446744073709551615"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(rewritten(text), expected) << text;
  EXPECT_EQ(serialize(std::numeric_limits<double>::quiet_NaN()), "null");
}

// What JavaScript's JSON.stringify writes, the shortest text of a double, must come back as the same text.
TEST(Json, ReadsDoublesToTheLastBit) {
  EXPECT_EQ(rewritten("0.41866852935895693"), "0.41866852935895693");
  EXPECT_EQ(rewritten("0.19035710899955927"), "0.19035710899955927");
  std::mt19937_64 random(1);
  for (int i = 0; i < 20'000; ++i) {
    const double number =
        i % 2 == 0 ? static_cast<double>(random() >> 11) * 0x1p-53 : std::bit_cast<double>(random());
    if (!std::isfinite(number)) continue;
    char text[40];
    const auto end = std::to_chars(text, text + sizeof text, number).ptr;
    const auto parsed = parse({text, static_cast<std::size_t>(end - text)});
    ASSERT_TRUE(parsed);
    ASSERT_EQ(parsed->to_number<double>(), number)
        << std::string_view(text, static_cast<std::size_t>(end - text));
  }
}

TEST(Json, NamesTheByteOfAnError) {
  for (const auto* text :
       {"",       " ",       "[",         "[1,]", "{\"a\"}", "{a:1}",    "[1] x",    "[1][2]",
        "'a'",    "01",      "1.",        ".5",   "+1",      "NaN",      "Infinity", "tru",
        "\"\n\"", "\"\\x\"", "\"\\u12\"", "\"a",  "/*c*/1",  "\"\\ud8\""}) {
    const auto parsed = parse(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, Errc::parse_error) << text;
    EXPECT_THAT(parsed.error().message, testing::StartsWith("JSON error at byte ")) << text;
  }
  EXPECT_THAT(parse("[1] x").error().message, testing::StartsWith("JSON error at byte 4:"));
}

TEST(Json, RefusesNumbersThatNoDoubleHoldsUnlessTheyMayBeInfinite) {
  for (const std::string& text : {std::string("1e400"), std::string("-1e309"), "1" + std::string(400, '0')}) {
    const auto refused = parse("[" + text + "]");
    ASSERT_FALSE(refused) << text;
    EXPECT_EQ(refused.error().code, Errc::parse_error);
    EXPECT_THAT(refused.error().message,
                testing::MatchesRegex("JSON error at byte [0-9]+: a number larger .*"));
    EXPECT_EQ(serialize(parse("[" + text + "]", {.infinities = true}).value()), "[null]") << text;
  }
  EXPECT_FALSE(parse("1e999999999999", {.infinities = true}));
  EXPECT_EQ(serialize(parse("[1e-400,1.7976931348623157e308]").value()), "[0,1.7976931348623157e+308]");
}

TEST(Json, BoundsTheDepth) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };

  EXPECT_TRUE(parse(nested(32)));
  EXPECT_EQ(parse(nested(33)).error().code, Errc::payload_too_large);
  EXPECT_TRUE(parse(nested(3), {.depth = 3}));
  EXPECT_FALSE(parse(R"({"a":{"b":{"c":{}}}})", {.depth = 3}));
  EXPECT_FALSE(parse(std::string(1'000'000, '[')));
}

TEST(Json, CanonicalTextSortsKeysEverywhere) {
  const auto parsed = parse(R"({"b":[{"z":1,"a":2}],"a":0,"B":1,"\u00e9":3})");

  EXPECT_EQ(canonical(*parsed), "{\"B\":1,\"a\":0,\"b\":[{\"a\":2,\"z\":1}],\"\xc3\xa9\":3}");
}

TEST(Json, FindsMembers) {
  const auto object = parse(R"({"a":"x","b":1})");

  ASSERT_NE(find(*object, "b"), nullptr);
  EXPECT_EQ(find(*object, "c"), nullptr);
  EXPECT_EQ(find(value("text"), "a"), nullptr);
  EXPECT_EQ(string_or_empty(*object, "a"), "x");
  EXPECT_EQ(string_or_empty(*object, "b"), "");
  EXPECT_EQ(string_or_empty(value(), "a"), "");
}

}  // namespace
}  // namespace togglecast::json
