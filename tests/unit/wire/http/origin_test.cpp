#include "wire/http/origin.hpp"

#include <gtest/gtest.h>

namespace togglecast::wire::http {
namespace {

std::string authority(std::string_view text) {
  const auto parsed = parse_authority(text);
  return parsed ? to_string(*parsed) : "refused: " + parsed.error().message;
}
void expect_no_authority(std::initializer_list<std::string_view> texts) {
  for (const std::string_view text : texts)
    EXPECT_FALSE(parse_authority(text)) << text << " became " << to_string(*parse_authority(text));
}
void expect_no_origin(std::initializer_list<std::string_view> texts) {
  for (const std::string_view text : texts) EXPECT_FALSE(parse_origin(text)) << text;
}
std::string origin(std::string_view text) {
  const auto parsed = parse_origin(text);
  return parsed ? to_string(*parsed) : "refused: " + parsed.error().message;
}

TEST(Authority, IsAHostWithAnOptionalPort) {
  EXPECT_EQ(authority("flags.example"), "flags.example");
  EXPECT_EQ(authority("flags.example:5001"), "flags.example:5001");
  EXPECT_EQ(authority("192.0.2.1:80"), "192.0.2.1:80");
  EXPECT_EQ(authority("my_service"), "my_service");
  EXPECT_EQ(authority("xn--bcher-kva.example"), "xn--bcher-kva.example");
}

TEST(Authority, IsTheSameInAnyCaseAndWithAFinalDot) {
  EXPECT_EQ(authority("FLAGS.Example."), "flags.example");
  EXPECT_EQ(authority("Flags.Example.:81"), "flags.example:81");
}

TEST(Authority, TellsAddressesFromNames) {
  for (const char* text : {"127.0.0.1", "192.0.2.1:80", "[::1]", "[2001:db8::1]:443", "[::ffff:192.0.2.1]"})
    EXPECT_TRUE(parse_authority(text)->is_address) << text;
  for (const char* text : {"127.1", "2130706433", "0x7f.0.0.1", "127.evil.example", "1.2.3.4.5", "256.0.0.1"})
    EXPECT_FALSE(parse_authority(text)->is_address) << text;
}

TEST(Authority, WritesAnIpv6AddressInItsShortestForm) {
  EXPECT_EQ(authority("[2001:DB8:0:0:0:0:0:1]:80"), "[2001:db8::1]:80");
  EXPECT_EQ(authority("[::ffff:7f00:1]"), "[::ffff:127.0.0.1]");
  EXPECT_EQ(authority("[fe80::1%25eth0]:5001"), "[fe80::1]:5001");
  EXPECT_EQ(authority("[fe80::1%eth0]"), "[fe80::1]");
}

TEST(Authority, AnEmptyPortIsNone) {
  EXPECT_EQ(authority("flags.example:"), "flags.example");
  EXPECT_EQ(authority("[::1]:"), "[::1]");
}

TEST(Authority, AcceptsPortsThatExist) {
  EXPECT_EQ(authority("x:1"), "x:1");
  EXPECT_EQ(authority("x:65535"), "x:65535");
  EXPECT_EQ(authority("x:00080"), "x:80");
  for (const char* text : {"x:0", "x:65536", "x:00000", "x:000080", "x:99999999999999999999", "x:-1", "x:+1",
                           "x: 1", "x:8o", "[::1]:0", "x:80:80"})
    EXPECT_EQ(authority(text), "refused: the port is not a number from 1 to 65535") << text;
}

TEST(Authority, RefusesOtherTexts) {
  expect_no_authority({"",
                       ".",
                       ":80",
                       "user@host",
                       "user:password@host",
                       "a..b",
                       "a..",
                       "..",
                       ".a",
                       "a b",
                       "a/b",
                       "a?b",
                       "a#b",
                       "a%41",
                       "a,b",
                       "*",
                       "*.example",
                       "::1",
                       "[::1",
                       "[]",
                       "[::1]80",
                       "[::1]x",
                       "[1.2.3.4]",
                       "[fe80::1::2]",
                       "[::1%",
                       "b\xc3\xbc"
                       "cher.example",
                       "a\\b",
                       "<a>",
                       std::string_view("a\0b", 3),
                       std::string_view("[::1\0]", 6),
                       std::string(254, 'a')});
  EXPECT_TRUE(parse_authority(std::string(253, 'a')));
}

TEST(Authority, TheRefusalSaysWhatIsWrong) {
  EXPECT_EQ(authority("user@host"), "refused: the host has a user in front of it");
  EXPECT_EQ(authority("host/path"), "refused: the host is followed by a path");
  EXPECT_NE(authority("b\xc3\xbc"
                      "cher.example")
                .find("xn--"),
            std::string::npos);
}

TEST(Origin, TreatsWebSocketsLikePages) {
  EXPECT_EQ(origin("ws://flags.example"), "http://flags.example");
  EXPECT_EQ(origin("wss://flags.example:8443"), "https://flags.example:8443");
  EXPECT_EQ(parse_origin("wss://flags.example").value(), parse_origin("https://flags.example").value());
}

TEST(Origin, LeavesDefaultPortsOut) {
  for (const char* text : {"http://x:80", "HTTP://X", "ws://x:80", "http://x.", "http://x:"})
    EXPECT_EQ(origin(text), "http://x") << text;
  for (const char* text : {"https://x:443", "wss://x:443"}) EXPECT_EQ(origin(text), "https://x") << text;
  EXPECT_EQ(origin("http://x:443"), "http://x:443");
  EXPECT_EQ(origin("https://x:80"), "https://x:80");
  EXPECT_EQ(origin("capacitor://x:80"), "capacitor://x:80");
}

TEST(Origin, OfAnAppMayHaveNoHost) {
  EXPECT_EQ(origin("file://"), "file://");
  EXPECT_EQ(origin("app://"), "app://");
  EXPECT_EQ(origin("capacitor://localhost"), "capacitor://localhost");
  EXPECT_EQ(origin("chrome-extension://aapbdbdomjkkjkaonfhkkikfgjllcleb"),
            "chrome-extension://aapbdbdomjkkjkaonfhkkikfgjllcleb");
  expect_no_origin({"http://", "https://", "ws://", "https://:443"});
}

TEST(Origin, RefusesOtherTexts) {
  expect_no_origin({"", "null", "*", "x", "://x", "//x", "https:x", "https:/x", "https://x/", "https://x?a",
                    "https://x#a", "https://u@x", "https://*.example", "1http://x", "ht tp://x",
                    "https://x https://y",
                    "https://b\xc3\xbc"
                    "cher.example",
                    std::string(33, 'a') + "://x"});
}

TEST(Origin, OfARequestIsItsSchemeAndHost) {
  EXPECT_EQ(to_string(origin_of(false, parse_authority("x:80").value())), "http://x");
  EXPECT_EQ(to_string(origin_of(true, parse_authority("x:443").value())), "https://x");
  EXPECT_EQ(to_string(origin_of(true, parse_authority("x:80").value())), "https://x:80");
}

TEST(Localhost, IsThatNameAndAllNamesBelowIt) {
  EXPECT_TRUE(is_localhost("localhost"));
  EXPECT_TRUE(is_localhost("flags.localhost"));
  EXPECT_FALSE(is_localhost("notlocalhost"));
  EXPECT_FALSE(is_localhost("localhost.example"));
}

}  // namespace
}  // namespace togglecast::wire::http
