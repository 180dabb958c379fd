#include "wire/proxy/header.hpp"

#include <gmock/gmock.h>

namespace togglecast::wire::proxy {
namespace {

using namespace std::string_literals;
using ::testing::HasSubstr;

// A version 2 header: command, family and transport, addresses and TLVs.
std::string v2(unsigned char command, unsigned char family, const std::string& body) {
  std::string header = "\r\n\r\n\0\r\nQUIT\n"s;
  header += static_cast<char>(command);
  header += static_cast<char>(family);
  header += static_cast<char>(body.size() / 256);
  header += static_cast<char>(body.size() % 256);
  return header + body;
}
const std::string kV4Addresses = "\xc0\x00\x02\x07\x0a\x00\x00\x01\x30\x39\x01\xbb"s;
const std::string kV6Addresses =
    "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"s + std::string(16, '\1') + "\x30\x39\x01\xbb"s;

// The source of a complete header, or what became of it.
std::string source(std::string_view bytes) {
  const auto decoded = decode(bytes);
  if (!decoded) return "refused: " + decoded.error().message;
  if (!*decoded) return "incomplete";
  return (*decoded)->source.empty() ? "none" : (*decoded)->source;
}
void expect_incomplete_until_its_last_byte(const std::string& header) {
  for (std::size_t size = 0; size < header.size(); ++size)
    EXPECT_EQ(source(std::string_view(header).substr(0, size)), "incomplete") << size;
  const auto whole = decode(header + "GET / HTTP/1.1\r\n");
  ASSERT_TRUE(whole && *whole);
  EXPECT_EQ((*whole)->size, header.size());
}

TEST(ProxyHeader, OfVersion1NamesTheSource) {
  EXPECT_EQ(source("PROXY TCP4 192.0.2.7 10.0.0.1 12345 443\r\n"), "192.0.2.7");
  EXPECT_EQ(source("PROXY TCP6 2001:db8::1 2001:db8::2 12345 443\r\nGET"), "2001:db8::1");
  EXPECT_EQ(source("PROXY UNKNOWN\r\n"), "none");
  EXPECT_EQ(source("PROXY UNKNOWN ffff:f::ffff ffff:f::ffff 65535 65535\r\n"), "none");
}

TEST(ProxyHeader, OfVersion2NamesTheSource) {
  EXPECT_EQ(source(v2(0x21, 0x11, kV4Addresses)), "192.0.2.7");
  EXPECT_EQ(source(v2(0x21, 0x21, kV6Addresses)), "2001:db8::1");
  EXPECT_EQ(source(v2(0x21, 0x31, std::string(216, 'x'))), "none");
  EXPECT_EQ(source(v2(0x21, 0x00, "")), "none");
}

TEST(ProxyHeader, OfALocalConnectionNamesNobody) {
  EXPECT_EQ(source(v2(0x20, 0x00, "")), "none");
  EXPECT_EQ(source(v2(0x20, 0x11, kV4Addresses)), "none");
  EXPECT_EQ(source(v2(0x20, 0x11, "short")), "none");
}

TEST(ProxyHeader, TlvsAreSkipped) {
  const std::string header =
      v2(0x21, 0x11, kV4Addresses + "\x02\x00\x05\x66lags"s + std::string(1'000, '\xff'));

  const auto decoded = decode(header + "rest");

  ASSERT_TRUE(decoded && *decoded);
  EXPECT_EQ((*decoded)->source, "192.0.2.7");
  EXPECT_EQ((*decoded)->size, header.size());
}

TEST(ProxyHeader, OfVersion2TellsWhetherTheClientUsedTls) {
  const auto secure = [](const std::string& tlvs, unsigned char command = 0x21) {
    const auto decoded = decode(v2(command, 0x11, kV4Addresses + tlvs));
    return decoded && *decoded && (*decoded)->secure;
  };
  const std::string alpn = "\x01\x00\x02h2"s;
  const std::string tls = "\x20\x00\x0f\x01\x00\x00\x00\x00\x21\x00\x07TLSv1.3"s;

  EXPECT_TRUE(secure(tls));
  EXPECT_TRUE(secure(alpn + tls + alpn));
  EXPECT_FALSE(secure(alpn));
  EXPECT_FALSE(secure("\x20\x00\x05\x02\x00\x00\x00\x00"s)) << "a certificate of an earlier connection";
  EXPECT_FALSE(secure("\x20\x00\x00"s));
  EXPECT_FALSE(secure("\x20\x00\x10\x01"s)) << "longer than the header";
  EXPECT_FALSE(secure("\x01\x00\xff"s + tls)) << "behind one that is too long";
  EXPECT_FALSE(secure(tls, 0x20)) << "the proxy itself";
}

TEST(ProxyHeader, IsIncompleteUntilItsLastByte) {
  expect_incomplete_until_its_last_byte("PROXY TCP4 192.0.2.7 10.0.0.1 12345 443\r\n");
  expect_incomplete_until_its_last_byte("PROXY UNKNOWN\r\n");
  expect_incomplete_until_its_last_byte(v2(0x21, 0x11, kV4Addresses + "tlv"));
  expect_incomplete_until_its_last_byte(v2(0x20, 0x00, ""));
}

TEST(ProxyHeader, OfVersion1HasAtMost107Bytes) {
  const std::string longest = "PROXY UNKNOWN " + std::string(91, 'x') + "\r\n";
  ASSERT_EQ(longest.size(), kLongestV1);

  EXPECT_EQ(source(longest), "none");
  EXPECT_THAT(source("PROXY UNKNOWN " + std::string(92, 'x') + "\r\n"), HasSubstr("107"));
  EXPECT_THAT(source("PROXY UNKNOWN " + std::string(92, 'x')), HasSubstr("107")) << "seen before its end";
}

TEST(ProxyHeader, OfVersion2HasABoundedLength) {
  EXPECT_EQ(source(v2(0x21, 0x11, kV4Addresses + std::string(kLongestV2Body - 12, 'x'))), "192.0.2.7");
  EXPECT_THAT(source(v2(0x21, 0x11, std::string(kLongestV2Body + 1, 'x')).substr(0, 16)),
              HasSubstr("longer than"));
}

TEST(ProxyHeader, RefusesOtherLines) {
  for (const char* line : {"PROXY TCP4 192.0.2.7 10.0.0.1 12345\r\n",
                           "PROXY TCP4 192.0.2.7 10.0.0.1 12345 443 7\r\n",
                           "PROXY TCP4 192.0.2.7  10.0.0.1 12345 443\r\n",
                           "PROXY TCP4 2001:db8::1 10.0.0.1 1 2\r\n",
                           "PROXY TCP6 192.0.2.7 10.0.0.1 1 2\r\n",
                           "PROXY TCP4 192.0.2.7 x 1 2\r\n",
                           "PROXY TCP4 192.0.2.7 10.0.0.1 65536 443\r\n",
                           "PROXY TCP4 192.0.2.7 10.0.0.1 01 443\r\n",
                           "PROXY TCP4 192.0.2.7 10.0.0.1 -1 443\r\n",
                           "PROXY TCP4 192.0.2.7 10.0.0.1 1 443 \r\n",
                           "PROXY TCP4 192.0.2.7 10.0.0.1 1 443\n\r\n",
                           "PROXY TCP4 192.0.2.7 10.0.0.1 1 443\rx",
                           "PROXY UDP4\r\n",
                           "PROXY \r\n",
                           "PROXY\r\n",
                           "proxy TCP4 192.0.2.7 10.0.0.1 1 2\r\n",
                           "GET / HTTP/1.1\r\n",
                           "PROXY unknown\r\n",
                           "\r\n\r\nGET /",
                           "\x16\x03\x01"})
    EXPECT_THAT(source(line), HasSubstr("refused")) << line;
  EXPECT_THAT(source("PROXY TCP4 192.0.2.7\0 10.0.0.1 1 2\r\n"s), HasSubstr("byte 21"));
}

TEST(ProxyHeader, RefusesOtherBytesOfVersion2) {
  EXPECT_THAT(source(v2(0x11, 0x11, kV4Addresses)), HasSubstr("version 2"));
  EXPECT_THAT(source(v2(0x22, 0x11, kV4Addresses)), HasSubstr("command"));
  EXPECT_THAT(source(v2(0x21, 0x41, kV4Addresses)), HasSubstr("family"));
  EXPECT_THAT(source(v2(0x21, 0x13, kV4Addresses)), HasSubstr("transport"));
  EXPECT_THAT(source(v2(0x21, 0x12, kV4Addresses)), HasSubstr("datagrams"));
  EXPECT_THAT(source(v2(0x21, 0x11, kV4Addresses.substr(1))), HasSubstr("too short"));
  EXPECT_THAT(source(v2(0x21, 0x21, kV4Addresses)), HasSubstr("too short"));
}

}  // namespace
}  // namespace togglecast::wire::proxy
