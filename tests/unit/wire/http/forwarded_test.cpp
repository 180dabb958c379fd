#include "wire/http/forwarded.hpp"

#include <gmock/gmock.h>

#include <initializer_list>

namespace togglecast::wire::http {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Headers headers(std::initializer_list<std::pair<const char*, const char*>> fields) {
  Headers made;
  for (const auto& [name, value] : fields) made.add(name, value);
  return made;
}
std::vector<ForwardedHop> forwarded(const char* value) {
  return forwarded_hops(headers({{"Forwarded", value}}));
}

TEST(Forwarded, HasAHopForEachElement) {
  EXPECT_THAT(
      forwarded("for=192.0.2.1;proto=https;host=flags.example, For=10.0.0.1"),
      ElementsAre(ForwardedHop{"192.0.2.1", "https", "flags.example"}, ForwardedHop{"10.0.0.1", "", ""}));
  EXPECT_THAT(forwarded_hops(headers({{"forwarded", "for=192.0.2.1"}, {"Forwarded", "for=10.0.0.1"}})),
              ElementsAre(ForwardedHop{"192.0.2.1", "", ""}, ForwardedHop{"10.0.0.1", "", ""}));
  EXPECT_THAT(forwarded_hops(headers({{"X-Forwarded-For", "192.0.2.1"}})), IsEmpty());
}

TEST(Forwarded, ValuesMayStandInQuotes) {
  EXPECT_THAT(forwarded(R"(for="[2001:db8::1]:4711"; proto="https" ; host="flags.example:8443")"),
              ElementsAre(ForwardedHop{"2001:db8::1", "https", "flags.example:8443"}));
  EXPECT_THAT(forwarded(R"(host="a\"b\\c")"), ElementsAre(ForwardedHop{"", "", R"(a"b\c)"}));
  EXPECT_THAT(forwarded(R"(for="192.0.2.1, for=127.0.0.1";by=_x)"),
              ElementsAre(ForwardedHop{"192.0.2.1, for=127.0.0.1", "", ""}))
      << "a comma in quotes separates nothing";
}

TEST(Forwarded, PortsAreNoPartOfAddresses) {
  EXPECT_THAT(forwarded("for=192.0.2.1:8080, for=[2001:db8::1]:80, for=2001:db8::1"),
              ElementsAre(ForwardedHop{"192.0.2.1", "", ""}, ForwardedHop{"2001:db8::1", "", ""},
                          ForwardedHop{"2001:db8::1", "", ""}));
}

TEST(Forwarded, ABrokenElementIsAnEmptyHop) {
  const ForwardedHop good{"192.0.2.9", "", ""};
  for (const char* broken : {"for=127.0.0.1;proto", "for=127.0.0.1 x",
                             "for=127.0.0.1;host=", "for=127.0.0.1 =", R"(for="127.0.0.1)",
                             R"(for=127.0.0.1;host=")", R"(for=127.0.0.1;host="\)"}) {
    const std::string value = std::string(broken) + ", for=192.0.2.9";
    EXPECT_EQ(forwarded(value.c_str()).front(), ForwardedHop{}) << broken;
    EXPECT_EQ(forwarded(value.c_str()).back(), good) << "the proxy's element stays: " << broken;
  }
}

TEST(Forwarded, AnOpenQuoteInsideNeverBecomesAnAddress) {
  const auto hops = forwarded(R"(for=127.0.0.1;x=", for="[2001:db8::9]:1")");

  for (const auto& hop : hops) EXPECT_NE(hop.address, "127.0.0.1");
}

TEST(XForwarded, HopsAreMatchedFromTheRight) {
  EXPECT_THAT(x_forwarded_hops(headers({{"X-Forwarded-For", "192.0.2.1, 10.0.0.1"},
                                        {"X-Forwarded-Proto", "https, http"},
                                        {"X-Forwarded-Host", "flags.example, inner"}})),
              ElementsAre(ForwardedHop{"192.0.2.1", "https", "flags.example"},
                          ForwardedHop{"10.0.0.1", "http", "inner"}));
  EXPECT_THAT(
      x_forwarded_hops(headers({{"X-Forwarded-For", "192.0.2.1, 10.0.0.1"}, {"X-Forwarded-Proto", "https"}})),
      ElementsAre(ForwardedHop{"192.0.2.1", "https", ""}, ForwardedHop{"10.0.0.1", "https", ""}));
}

TEST(XForwarded, TheSchemeHasThreeHeaders) {
  EXPECT_EQ(x_forwarded_hops(headers({{"X-Forwarded-Proto", "https"}})).back().scheme, "https");
  EXPECT_EQ(x_forwarded_hops(headers({{"X-Forwarded-Scheme", "https"}})).back().scheme, "https");
  EXPECT_EQ(x_forwarded_hops(headers({{"X-Forwarded-Ssl", "on"}})).back().scheme, "https");
  EXPECT_EQ(x_forwarded_hops(headers({{"X-Forwarded-Ssl", "off"}})).back().scheme, "http");
  EXPECT_EQ(
      x_forwarded_hops(headers({{"X-Forwarded-Ssl", "on"}, {"X-Forwarded-Proto", "http"}})).back().scheme,
      "http");
  EXPECT_EQ(x_forwarded_hops(headers({{"X-Forwarded-Proto", "\"https\""}})).back().scheme, "https");
}

TEST(XForwarded, APortBelongsToAHostWithoutOne) {
  const auto host = [](const char* name, const char* port) {
    return x_forwarded_hops(headers({{"X-Forwarded-Host", name}, {"X-Forwarded-Port", port}})).back().host;
  };
  EXPECT_EQ(host("flags.example", "8443"), "flags.example:8443");
  EXPECT_EQ(host("flags.example:81", "8443"), "flags.example:81");
  EXPECT_EQ(host("[2001:db8::1]", "8443"), "[2001:db8::1]:8443");
  EXPECT_EQ(host("[2001:db8::1]:81", "8443"), "[2001:db8::1]:81");
  EXPECT_EQ(x_forwarded_hops(headers({{"X-Forwarded-Port", "8443"}})).back().host, ":8443");
}

TEST(XForwarded, WithoutHeadersThereAreNoHops) {
  EXPECT_THAT(x_forwarded_hops(headers({{"Forwarded", "for=192.0.2.1"}})), IsEmpty());
  EXPECT_EQ(x_forwarded_name(headers({{"Forwarded", "for=192.0.2.1"}})), "");
  EXPECT_EQ(forwarded_name(headers({{"Forwarded", "for=192.0.2.1"}})), "Forwarded");
  EXPECT_EQ(x_forwarded_name(headers({{"X-Forwarded-Ssl", "on"}})), "X-Forwarded-Ssl");
}

}  // namespace
}  // namespace togglecast::wire::http
