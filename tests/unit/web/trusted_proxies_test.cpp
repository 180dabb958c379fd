#include "web/trusted_proxies.hpp"

#include <gtest/gtest.h>

#include <initializer_list>
#include <utility>

namespace togglecast::web {
namespace {

wire::http::Headers headers(std::initializer_list<std::pair<const char*, const char*>> fields) {
  wire::http::Headers made;
  for (const auto& [name, value] : fields) made.add(name, value);
  return made;
}

TrustedProxies trusting(const std::vector<std::string>& blocks, ForwardedBy kind = ForwardedBy::x_forwarded) {
  auto proxies = TrustedProxies::parse(blocks, kind);
  EXPECT_TRUE(proxies);
  return *std::move(proxies);
}

TEST(TrustedProxies, WithoutAnyEveryHeaderIsAnEmptyClaim) {
  const auto peer =
      TrustedProxies{}.resolve("203.0.113.9", headers({{"X-Forwarded-For", "127.0.0.1"},
                                                       {"X-Forwarded-Proto", "https"},
                                                       {"Forwarded", "for=127.0.0.1;proto=https"}}));

  EXPECT_EQ(peer.address, "203.0.113.9");
  EXPECT_FALSE(peer.secure);
  EXPECT_FALSE(peer.loopback);
}

TEST(TrustedProxies, StrangersAreNotBelieved) {
  const auto peer =
      trusting({"10.0.0.0/8"}).resolve("203.0.113.9", headers({{"X-Forwarded-For", "127.0.0.1"}}));

  EXPECT_EQ(peer.address, "203.0.113.9");
}

TEST(TrustedProxies, TheRightmostStrangerIsTheClient) {
  const auto proxies = trusting({"10.0.0.0/8", "127.0.0.1"});

  const auto peer = proxies.resolve(
      "127.0.0.1", headers({{"X-Forwarded-For", "127.0.0.1, 198.51.100.7, 203.0.113.9 ,10.1.2.3"},
                            {"X-Forwarded-Proto", "https"}}));

  EXPECT_EQ(peer.address, "203.0.113.9");
  EXPECT_TRUE(peer.secure);
  EXPECT_FALSE(peer.loopback);
}

TEST(TrustedProxies, SeveralHeaderLinesAreOneList) {
  const auto peer =
      trusting({"10.0.0.1"})
          .resolve("10.0.0.1",
                   headers({{"X-Forwarded-For", "127.0.0.1"}, {"X-Forwarded-For", "203.0.113.9"}}));

  EXPECT_EQ(peer.address, "203.0.113.9");
}

TEST(TrustedProxies, OnlyTheNamedKindOfHeaderIsRead) {
  const auto both = headers({{"Forwarded", "for=198.51.100.1;proto=https;host=forwarded.example"},
                             {"X-Forwarded-For", "203.0.113.9"},
                             {"X-Forwarded-Host", "x.example"},
                             {"X-Forwarded-Ssl", "on"}});

  const auto x_forwarded = trusting({"10.0.0.1"}).resolve("10.0.0.1", both);
  const auto forwarded = trusting({"10.0.0.1"}, ForwardedBy::forwarded).resolve("10.0.0.1", both);
  const auto proxy = trusting({"10.0.0.1"}, ForwardedBy::proxy_protocol).resolve("10.0.0.1", both);

  EXPECT_EQ(x_forwarded.address, "203.0.113.9");
  EXPECT_EQ(x_forwarded.host, "x.example");
  EXPECT_EQ(forwarded.address, "198.51.100.1");
  EXPECT_EQ(forwarded.host, "forwarded.example");
  EXPECT_TRUE(x_forwarded.secure && forwarded.secure);
  EXPECT_EQ(proxy.address, "10.0.0.1");
  EXPECT_EQ(proxy.host, "");
  EXPECT_FALSE(proxy.secure);
}

TEST(TrustedProxies, AClientBehindAProxyCannotChooseItsAddressWithTheOtherKind) {
  const auto peer =
      trusting({"10.0.0.1"}, ForwardedBy::forwarded)
          .resolve("10.0.0.1", headers({{"X-Forwarded-For", "127.0.0.1"}, {"Forwarded", "for=203.0.113.9"}}));

  EXPECT_EQ(peer.address, "203.0.113.9");
}

TEST(TrustedProxies, NothingThatCameThroughAProxyIsLoopback) {
  const auto proxies = trusting({"127.0.0.1", "10.0.0.1"});

  EXPECT_FALSE(proxies.resolve("10.0.0.1", headers({{"X-Forwarded-For", "127.0.0.1"}})).loopback);
  EXPECT_FALSE(proxies.resolve("127.0.0.1", headers({{"X-Forwarded-For", "::1"}})).loopback);
  EXPECT_FALSE(proxies.resolve("127.0.0.1", {}).loopback);
  EXPECT_FALSE(TrustedProxies{}.resolve("127.0.0.1", {}, false, true).loopback) << "by the PROXY protocol";
  EXPECT_TRUE(proxies.resolve("::1", headers({{"X-Forwarded-For", "192.0.2.1"}})).loopback);
  EXPECT_TRUE(TrustedProxies{}.resolve("127.0.0.1", {}).loopback);
}

TEST(TrustedProxies, TheHostIsThatOfTheHopWhoseClientCounts) {
  const auto proxies = trusting({"10.0.0.0/8"});
  const auto host = [&proxies](std::initializer_list<std::pair<const char*, const char*>> fields) {
    return proxies.resolve("10.0.0.1", headers(fields)).host;
  };

  EXPECT_EQ(host({{"Host", "inner"}, {"X-Forwarded-For", "192.0.2.1"}, {"X-Forwarded-Host", "a.example"}}),
            "a.example");
  EXPECT_EQ(host({{"X-Forwarded-For", "192.0.2.1, 10.2.2.2"}, {"X-Forwarded-Host", "a.example, b.example"}}),
            "a.example");
  EXPECT_EQ(host({{"X-Forwarded-For", "192.0.2.1"}, {"X-Forwarded-Host", "evil.example, a.example"}}),
            "a.example");
  EXPECT_EQ(host({{"Host", "a.example"}, {"X-Forwarded-Port", "8443"}}), "a.example:8443");
  EXPECT_EQ(host({{"Host", "a.example:5001"}, {"X-Forwarded-Port", "8443"}}), "a.example:5001");
  EXPECT_EQ(host({{"Host", "[2001:db8::1]"}, {"X-Forwarded-Port", "8443"}}), "[2001:db8::1]:8443");
  EXPECT_EQ(host({{"Host", "a.example"}, {"X-Forwarded-For", "192.0.2.1"}}), "");
}

TEST(TrustedProxies, TellOfAHeaderThatIsNotRead) {
  const auto proxies = trusting({"10.0.0.1"});
  const auto x_forwarded = headers({{"X-Forwarded-Proto", "https"}});
  const auto forwarded = headers({{"Forwarded", "for=192.0.2.1"}});

  EXPECT_EQ(proxies.ignored_header("127.0.0.1", x_forwarded), "X-Forwarded-Proto");
  EXPECT_EQ(proxies.ignored_header("127.0.0.1", forwarded), "Forwarded");
  EXPECT_EQ(proxies.ignored_header("10.0.0.1", x_forwarded), "");
  EXPECT_EQ(proxies.ignored_header("10.0.0.1", forwarded), "Forwarded");
  EXPECT_EQ(trusting({"10.0.0.1"}, ForwardedBy::forwarded).ignored_header("10.0.0.1", x_forwarded),
            "X-Forwarded-Proto");
  EXPECT_EQ(proxies.ignored_header("127.0.0.1", {}), "");
}

TEST(TrustedProxies, TheSchemeOfTheLastHopIsTheLastSchemeNotTheFirst) {
  const auto peer = trusting({"10.0.0.1"})
                        .resolve("10.0.0.1", headers({{"X-Forwarded-Proto", "https"},
                                                      {"X-Forwarded-For", "203.0.113.9"},
                                                      {"X-Forwarded-Proto", "http"}}));

  EXPECT_FALSE(peer.secure);
}

TEST(TrustedProxies, UnderstandsForwarded) {
  const auto proxies = trusting({"10.0.0.0/8", "2001:db8::/32"}, ForwardedBy::forwarded);

  const auto peer = proxies.resolve(
      "10.0.0.1", headers({{"Forwarded",
                            R"(for=198.51.100.1, For="[2001:db9::17]:4711"; Proto="HTTPS", for=10.3.4.5)"}}));

  EXPECT_EQ(peer.address, "2001:db9::17");
  EXPECT_TRUE(peer.secure);
}

TEST(TrustedProxies, BehindAnUnreadableHopNothingIsBelieved) {
  const auto proxies = trusting({"10.0.0.0/8"});
  for (const auto* hop : {"unknown", "_hidden", "", "not an address", "1.2.3", "[::1", "300.1.1.1"}) {
    const auto peer = proxies.resolve(
        "10.0.0.1", headers({{"X-Forwarded-For", (std::string("127.0.0.1, ") + hop).c_str()}}));

    EXPECT_EQ(peer.address, "10.0.0.1") << hop;
    EXPECT_FALSE(peer.loopback) << hop;
  }
}

TEST(TrustedProxies, PortsAndQuotesAreNoPartOfAddresses) {
  const auto proxies = trusting({"10.0.0.1"});

  EXPECT_EQ(proxies.resolve("10.0.0.1", headers({{"X-Forwarded-For", "203.0.113.9:8080"}})).address,
            "203.0.113.9");
  EXPECT_EQ(proxies.resolve("10.0.0.1", headers({{"X-Forwarded-For", "[2001:db8::1]:80"}})).address,
            "2001:db8::1");
  EXPECT_EQ(proxies.resolve("10.0.0.1", headers({{"X-Forwarded-For", "2001:db8::1"}})).address,
            "2001:db8::1");
}

TEST(TrustedProxies, AMappedAddressIsItsOwn) {
  const auto proxies = trusting({"10.0.0.1"});

  const auto peer = proxies.resolve("10.0.0.1", headers({{"X-Forwarded-For", "::ffff:127.0.0.1"}}));

  EXPECT_EQ(peer.address, "127.0.0.1");
  EXPECT_FALSE(peer.loopback);
  EXPECT_TRUE(proxies.trusts("::ffff:10.0.0.1"));
}

TEST(TrustedProxies, BlocksEndAtTheirLastBit) {
  const auto proxies = trusting({"192.0.2.128/25", "2001:db8:80::/41", "0.0.0.0/32"});

  EXPECT_TRUE(proxies.trusts("192.0.2.128"));
  EXPECT_TRUE(proxies.trusts("192.0.2.255"));
  EXPECT_FALSE(proxies.trusts("192.0.2.127"));
  EXPECT_TRUE(proxies.trusts("2001:db8:ff::1"));
  EXPECT_FALSE(proxies.trusts("2001:db8:7f::1"));
  EXPECT_FALSE(proxies.trusts("::"));
  EXPECT_TRUE(trusting({"0.0.0.0/0"}).trusts("8.8.8.8"));
  EXPECT_FALSE(trusting({"0.0.0.0/0"}).trusts("::1"));
}

TEST(TrustedProxies, ABlockMayBeWrittenWithAnyOfItsAddresses) {
  const auto proxies = trusting({"10.1.2.3/8", "2001:db8::7/32"});

  EXPECT_TRUE(proxies.trusts("10.200.0.1"));
  EXPECT_TRUE(proxies.trusts("2001:db8:1::"));
  EXPECT_FALSE(proxies.trusts("11.0.0.0"));
  EXPECT_FALSE(proxies.trusts("2001:db9::"));
}

TEST(TrustedProxies, ABlockOfMappedAddressesIsABlockOfIpv4) {
  const auto proxies = trusting({"::ffff:10.0.0.0/104"});

  EXPECT_TRUE(proxies.trusts("10.255.0.1"));
  EXPECT_TRUE(proxies.trusts("::ffff:10.1.2.3"));
  EXPECT_FALSE(proxies.trusts("11.0.0.0"));
  EXPECT_FALSE(TrustedProxies::parse({"::ffff:10.0.0.0/8"})) << "it would hold addresses of both families";
}

TEST(TrustedProxies, TheZoneOfAnAddressDoesNotCount) {
  EXPECT_TRUE(trusting({"fe80::/10"}).trusts("fe80::1%1"));
  EXPECT_TRUE(trusting({"fe80::1"}).trusts("fe80::1%1"));
}

TEST(TrustedProxies, RefusesWhatIsNoBlock) {
  for (const auto* text :
       {"10.0.0.0/33", "::1/129", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8x", "localhost", "", "/8",
        "10.0.0.0/ 8", "10.0.0.0/4294967304", "::1/", "::1/-1", "::/8x", "10.0.0/8"})
    EXPECT_FALSE(TrustedProxies::parse({text})) << text;
}

}  // namespace
}  // namespace togglecast::web
