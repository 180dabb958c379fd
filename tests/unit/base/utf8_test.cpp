#include "base/utf8.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace togglecast {
namespace {

std::string encoded(unsigned point) {
  std::string out;
  const auto tail = [&](int shift) { out += static_cast<char>(0x80 | (point >> shift & 0x3f)); };
  if (point < 0x80) {
    out += static_cast<char>(point);
  } else if (point < 0x800) {
    out += static_cast<char>(0xc0 | point >> 6);
    tail(0);
  } else if (point < 0x10000) {
    out += static_cast<char>(0xe0 | point >> 12);
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xf0 | point >> 18);
    tail(12);
    tail(6);
    tail(0);
  }
  return out;
}

const std::vector<std::string> kInvalid = {"\x80",
                                           "\xbf",
                                           "\xc0\x80",
                                           "\xc1\xbf",
                                           "\xc2",
                                           "\xc2\x41",
                                           "\xe0\x80\x80",
                                           "\xe0\x9f\xbf",
                                           "\xe2\x98",
                                           "\xe2\x28\xa1",
                                           "\xed\xa0\x80",
                                           "\xed\xbf\xbf",
                                           "\xf0\x80\x80\x80",
                                           "\xf0\x8f\xbf\xbf",
                                           "\xf4\x90\x80\x80",
                                           "\xf5\x80\x80\x80",
                                           "\xff",
                                           "\xfe",
                                           "abcdefgh\xff",
                                           "\xf0\x9f\x98"};

TEST(Utf8, AcceptsExactlyTheScalarValues) {
  for (unsigned point = 0; point <= 0x110000; ++point) {
    const bool scalar = point < 0xd800 || (point > 0xdfff && point < 0x110000);
    ASSERT_EQ(is_valid_utf8(encoded(point)), scalar) << point;
  }
}

TEST(Utf8, RefusesMalformedBytes) {
  for (const auto& bytes : kInvalid) {
    EXPECT_FALSE(is_valid_utf8(bytes));
    EXPECT_FALSE(is_valid_utf8("12345678" + bytes + "12345678")) << bytes.size();
  }
}

TEST(Utf8, IsValidatedInPiecesAsInOne) {
  const std::string text = "a\xc3\xa9\xe2\x98\x83\xf0\x9f\x98\x80z";
  for (std::size_t at = 0; at <= text.size(); ++at) {
    Utf8Validator validator;
    EXPECT_TRUE(validator.feed(std::string_view(text).substr(0, at)));
    EXPECT_EQ(validator.complete(), is_valid_utf8(std::string_view(text).substr(0, at)));
    EXPECT_TRUE(validator.feed(std::string_view(text).substr(at)));
    EXPECT_TRUE(validator.complete());
  }
}

TEST(Utf8, IsRepairedAsBrowsersDo) {
  const std::string replacement = "\xef\xbf\xbd";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"plain \xc3\xa9", "plain \xc3\xa9"},
      {"a\xff"
       "b",
       "a" + replacement + "b"},
      {"\xe2\x98", replacement},
      {"\xe2\x98x", replacement + "x"},
      {"\xe2x", replacement + "x"},
      {"\xf0\x9f\x98\xe2\x98\x83", replacement + "\xe2\x98\x83"},
      {"\xc0\x80", replacement + replacement},
      {"\xed\xa0\x80", replacement + replacement + replacement},
      {"\xf4\x90\x80\x80", replacement + replacement + replacement + replacement},
  };
  for (const auto& [bytes, expected] : cases) EXPECT_EQ(replace_invalid_utf8(bytes), expected);
  for (const auto& bytes : kInvalid) EXPECT_TRUE(is_valid_utf8(replace_invalid_utf8(bytes + "x" + bytes)));
}

}  // namespace
}  // namespace togglecast
