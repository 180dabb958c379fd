#include "wire/http/entity_tags.hpp"

#include <gtest/gtest.h>

#include <string>

namespace togglecast::wire::http {
namespace {

// `1.42 W/1.43`, `*`, or the byte and what was expected there.
std::string read(std::string_view field) {
  const auto tags = parse_entity_tags(field);
  if (!tags) return "byte " + std::to_string(tags.error().byte) + ": " + std::string(tags.error().expected);
  if (tags->any) return tags->tags.empty() ? "*" : "* and tags";
  std::string out;
  for (const EntityTag& tag : tags->tags)
    out += (out.empty() ? "" : " ") + std::string(tag.weak ? "W/" : "") + std::string(tag.opaque);
  return out;
}

TEST(EntityTags, AreReadFromAList) {
  EXPECT_EQ(read(R"("1.42")"), "1.42");
  EXPECT_EQ(read(R"(W/"1.42")"), "W/1.42");
  EXPECT_EQ(read(R"("1.42", W/"1.43","x")"), "1.42 W/1.43 x");
  EXPECT_EQ(read(" \t\"1.42\"\t ,\"\" "), "1.42 ");
  EXPECT_EQ(read(R"(,"1.42",, "1.43",)"), "1.42 1.43") << "empty elements do not count";
  EXPECT_EQ(read(R"("a,b")"), "a,b") << "a comma inside a tag separates nothing";
  EXPECT_EQ(read("\"\xC3\xA9\""), "\xC3\xA9");
  EXPECT_EQ(read(" * "), "*");
}

TEST(EntityTags, ThatAreMalformedNameTheByte) {
  const std::string in_quotes = ": an ETag in quotes";
  EXPECT_EQ(read(""), "byte 1: an ETag or *");
  EXPECT_EQ(read(" , "), "byte 4: an ETag or *");
  EXPECT_EQ(read("1.42"), "byte 1" + in_quotes);
  EXPECT_EQ(read(R"("1.42", 1.43)"), "byte 9" + in_quotes);
  EXPECT_EQ(read(R"(w/"1.42")"), "byte 1" + in_quotes) << "W is upper case";
  EXPECT_EQ(read("W/1.42"), "byte 3" + in_quotes);
  EXPECT_EQ(read("W/"), "byte 3" + in_quotes);
  EXPECT_EQ(read(R"("1.42)"), "byte 6: the quote that ends the ETag");
  EXPECT_EQ(read(R"("1 42")"), "byte 3: the quote that ends the ETag");
  EXPECT_EQ(read("\"1\x7F\""), "byte 3: the quote that ends the ETag");
  EXPECT_EQ(read(R"("1.42" "1.43")"), "byte 8: a comma or the end");
  EXPECT_EQ(read(R"("1.42"x)"), "byte 7: a comma or the end");
  EXPECT_EQ(read(R"(*, "1.42")"), "byte 2: nothing after *");
}

TEST(EntityTags, AreOfABoundedNumber) {
  std::string field = R"("1")";
  for (int i = 1; i < 64; ++i) field += R"(,"1")";

  EXPECT_TRUE(parse_entity_tags(field).has_value());
  EXPECT_EQ(read(field + R"(,"1")"), "byte 257: at most 64 tags");
}

TEST(EntityTags, AreTheSameForEveryCoding) {
  for (const char* same : {"1.4", "1.4-gzip", "1.4-br", "1.4--gzip", "1.4;gz", "1.4:zstd", "1.4/deflate"}) {
    EXPECT_TRUE(same_but_for_coding({same, false}, "1.4")) << same;
    EXPECT_TRUE(same_but_for_coding({same, true}, "1.4")) << same;
  }
  for (const char* other : {"", "1.", "1.42", "1.4x", "1.4.viewer", "1.4_a", "1.4-", "1.4;;", "2.4", "x1.4"})
    EXPECT_FALSE(same_but_for_coding({other, false}, "1.4")) << other;
}

}  // namespace
}  // namespace togglecast::wire::http
