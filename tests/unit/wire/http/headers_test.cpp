#include "wire/http/headers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

namespace togglecast::wire::http {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

TEST(HttpHeaders, AreFoundWithoutCase) {
  Headers headers;
  headers.add("X-Test", "one");
  headers.add("x-test", "two");

  EXPECT_EQ(headers.value("X-TEST"), "one");
  EXPECT_TRUE(headers.contains("x-Test"));
  EXPECT_EQ(headers.value("X-Tes"), "");
  EXPECT_FALSE(headers.contains(""));
}

TEST(HttpHeaders, SetLeavesOneField) {
  Headers headers;
  headers.add("A", "1");
  headers.add("B", "2");
  headers.add("a", "3");
  headers.set("A", "4");
  headers.set("C", "5");

  EXPECT_THAT(headers.fields(), ElementsAre(Pair("A", "4"), Pair("B", "2"), Pair("C", "5")));
}

TEST(HttpHeaders, ReadCommaSeparatedLists) {
  Headers headers;
  headers.add("Connection", "keep-alive ,\tUPGRADE");
  headers.add("Connection", ",,x,");

  EXPECT_TRUE(headers.lists("connection", "upgrade"));
  EXPECT_TRUE(headers.lists("connection", "Keep-Alive"));
  EXPECT_TRUE(headers.lists("connection", "x"));
  EXPECT_FALSE(headers.lists("connection", "grade"));
  EXPECT_FALSE(headers.lists("connection", "keep"));
  EXPECT_FALSE(headers.lists("upgrade", "x"));
}

TEST(HttpHeaders, SetLeavesTheOrder) {
  Headers headers;
  headers.add("A", "1");
  headers.add("B", "2");
  headers.add("C", "3");
  headers.set("b", "longer than before");

  EXPECT_THAT(headers.fields(), ElementsAre(Pair("A", "1"), Pair("B", "longer than before"), Pair("C", "3")));
  EXPECT_EQ(headers.value("c"), "3");
}

TEST(HttpHeaders, TakeTheirOwnValues) {
  Headers headers;
  headers.add("Name", std::string(300, 'x'));
  for (int i = 0; i < 10; ++i) headers.add(headers.value("Name").substr(0, 7), headers.value("Name"));
  headers.set("name", headers.value("xxxxxxx").substr(0, 3));

  EXPECT_EQ(headers.value("Name"), "xxx");
  EXPECT_THAT(headers.fields(), SizeIs(11));
  for (const auto& [name, value] : headers.fields()) {
    if (name == "Name") continue;
    EXPECT_EQ(name, "xxxxxxx");
    EXPECT_EQ(value, std::string(300, 'x'));
  }
}

TEST(HttpHeaders, ViewsOutliveAMove) {
  Headers headers;
  headers.add("A", "1");
  const std::string_view value = headers.value("A");
  const Headers moved = std::move(headers);

  EXPECT_EQ(value, "1");
  EXPECT_EQ(moved.value("A").data(), value.data());
}

TEST(HttpHeaders, HoldNoLineBreakAtAnyPlace) {
  for (const char bad : {'\r', '\n', '\0'}) {
    for (std::size_t size = 1; size <= 20; ++size) {
      for (std::size_t at = 0; at < size; ++at) {
        std::string text(size, 'a');
        text[at] = bad;
        Headers headers;
        headers.add(text, text);
        std::string plain = text;
        plain[at] = ' ';
        EXPECT_THAT(headers.fields(), ElementsAre(Pair(plain, plain)));
        EXPECT_EQ(headers.lines(), plain + ": " + plain + "\r\n");
      }
    }
  }
}

TEST(HttpHeaders, LeaveOtherBytesAsTheyAre) {
  std::string every;
  for (int byte = 1; byte < 256; ++byte)
    if (byte != '\r' && byte != '\n') every += static_cast<char>(byte);
  Headers headers;
  EXPECT_THAT(headers.fields(), IsEmpty());
  EXPECT_EQ(headers.lines(), "");
  headers.add("X", every);

  EXPECT_EQ(headers.value("X"), every);
}

}  // namespace
}  // namespace togglecast::wire::http
