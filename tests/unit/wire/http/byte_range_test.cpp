#include "wire/http/byte_range.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <limits>
#include <string>

#include "base/json.hpp"

namespace togglecast::wire::http {
namespace {

// `whole`, `unsatisfiable`, or the place of the first byte and the number of bytes: `3+7`.
std::string read(std::string_view field, std::size_t size) {
  const ByteRange range = byte_range(field, size);
  switch (range.kind) {
    case RangeKind::whole:
      return "whole";
    case RangeKind::unsatisfiable:
      return "unsatisfiable";
    case RangeKind::part:
      break;
  }
  return std::to_string(range.first) + '+' + std::to_string(range.size);
}

TEST(ByteRange, IsReadAsTheVectorsSay) {
  std::ifstream file(std::string(TOGGLECAST_SOURCE_DIR) + "/tests/vectors/http/byte_range.json");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const json::value vectors = json::parse(text).value();
  ASSERT_GT(vectors.as_array().size(), 30U);

  for (const auto& one : vectors.as_array()) {
    const std::string field(json::string_or_empty(one, "field"));
    const auto size = static_cast<std::size_t>(one.at("size").as_int64());
    EXPECT_EQ(read(field, size), json::string_or_empty(one, "answer")) << field << " of " << size;
  }
}

TEST(ByteRange, APartNeverReachesBehindTheEnd) {
  constexpr std::size_t kMost = std::numeric_limits<std::size_t>::max();
  for (const std::size_t size : {std::size_t{1}, std::size_t{2}, std::size_t{1'000}, kMost}) {
    for (const std::string& first :
         {std::string("0"), std::string("1"), std::string("999"), std::string("18446744073709551614")}) {
      for (const std::string& last :
           {std::string(""), std::string("0"), std::string("999"), std::string("18446744073709551615")}) {
        const ByteRange range = byte_range("bytes=" + first + '-' + last, size);
        if (range.kind != RangeKind::part) continue;
        EXPECT_GT(range.size, 0U);
        EXPECT_LT(range.first, size);
        EXPECT_LE(range.size, size - range.first) << first << '-' << last << " of " << size;
      }
    }
  }
}

TEST(ByteRange, CountsWithoutIfRangeAndWithTheSameStrongTag) {
  EXPECT_TRUE(range_counts("", "abc"));
  EXPECT_TRUE(range_counts("\"abc\"", "abc"));
  EXPECT_TRUE(range_counts(" \"abc\" ", "abc"));
  EXPECT_FALSE(range_counts("W/\"abc\"", "abc")) << "a weak tag says nothing about bytes";
  EXPECT_FALSE(range_counts("\"abd\"", "abc"));
  EXPECT_FALSE(range_counts("abc", "abc"));
  EXPECT_FALSE(range_counts("\"abc", "abc"));
  EXPECT_FALSE(range_counts("Sat, 29 Oct 2026 19:43:31 GMT", "abc"));
}

}  // namespace
}  // namespace togglecast::wire::http
