#include "base/base64.hpp"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace togglecast {
namespace {

TEST(Base64, GivesTheVectorsOfTheSpecification) {
  const std::vector<std::pair<std::string, std::string>> vectors = {{"", ""},
                                                                    {"f", "Zg=="},
                                                                    {"fo", "Zm8="},
                                                                    {"foo", "Zm9v"},
                                                                    {"foob", "Zm9vYg=="},
                                                                    {"fooba", "Zm9vYmE="},
                                                                    {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(base64_encode(bytes), text);
    EXPECT_EQ(base64_decode_lenient(text), bytes);
    EXPECT_EQ(base64_decode_lenient(text.substr(0, text.find('='))), bytes) << "without padding";
    EXPECT_EQ(base64url_encode(bytes), text.substr(0, text.find('=')));
  }
}

TEST(Base64, AppendsToWhatIsThere) {
  std::string out = "b";
  append_base64(out, "foo");

  EXPECT_EQ(out, "bZm9v");
}

TEST(Base64, ReadsBackEveryByteInBothAlphabets) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);

  EXPECT_EQ(base64_decode_lenient(base64_encode(bytes)), bytes);
  EXPECT_EQ(base64_decode_lenient(base64url_encode(bytes)), bytes);
  EXPECT_EQ(base64url_decode(base64url_encode(bytes)), bytes);
  EXPECT_EQ(base64_encode("\xfb\xff"), "+/8=");
  EXPECT_EQ(base64url_encode("\xfb\xff"), "-_8");
}

TEST(Base64, ReadsLoosely) {
  for (const auto* text : {"Zm9v", " Zm9v\n", "Zm\r\n9v", "Z!m@9#v", "Zm9vZ", "Zm9v=Zm9v"})
    EXPECT_EQ(base64_decode_lenient(text), "foo") << text;
  for (const auto* text : {"", "Z", "=", "====", " ", "\xff"})
    EXPECT_EQ(base64_decode_lenient(text), "") << text;
  EXPECT_EQ(base64_decode_lenient("-_8"), "\xfb\xff");
}

TEST(Base64Url, AcceptsOneSpellingOnly) {
  EXPECT_EQ(base64url_decode("Zg"), "f");
  for (const auto* text : {"Zg==", "Zh", "Zm9", "Zm+v", "Zm/v", "Z", " Zg", "Zg ", "    ", "    Zm9v",
                           "Zm9v\n", "Zm9v\n\n\n\n", "Z=9v", "Zm9=", "A===", "====", "Zm9v----=", "Zm 9v"})
    EXPECT_FALSE(base64url_decode(text)) << text;
}

}  // namespace
}  // namespace togglecast
