#include "domain/schema/address_range.hpp"

#include <gtest/gtest.h>

namespace togglecast::domain {
namespace {

bool holds(std::string_view range, std::string_view address) {
  const auto parsed = AddressRange::parse(range);
  EXPECT_TRUE(parsed.has_value()) << range;
  return parsed && parsed->contains(address);
}

TEST(AddressRange, HoldsTheAddressesOfItsBlock) {
  EXPECT_TRUE(holds("10.0.0.0/8", "10.255.0.1"));
  EXPECT_FALSE(holds("10.0.0.0/8", "11.0.0.1"));
  EXPECT_TRUE(holds("192.0.2.64/26", "192.0.2.127"));
  EXPECT_FALSE(holds("192.0.2.64/26", "192.0.2.128"));
  EXPECT_TRUE(holds("192.0.2.77/26", "192.0.2.64")) << "the bits behind the prefix do not count";
  EXPECT_TRUE(holds("0.0.0.0/0", "203.0.113.9"));
  EXPECT_TRUE(holds("2001:db8::/33", "2001:db8:7fff::1"));
  EXPECT_FALSE(holds("2001:db8::/33", "2001:db8:8000::1"));
  EXPECT_TRUE(holds("::/0", "2001:db8::1"));
}

TEST(AddressRange, AnAddressAloneIsARangeOfOne) {
  EXPECT_TRUE(holds("192.0.2.7", "192.0.2.7"));
  EXPECT_FALSE(holds("192.0.2.7", "192.0.2.8"));
  EXPECT_TRUE(holds("2001:DB8::7", "2001:db8:0::7"));
}

TEST(AddressRange, AnAddressMappedToIpv6IsTheIpv4Address) {
  EXPECT_TRUE(holds("10.0.0.0/8", "::ffff:10.1.2.3"));
  EXPECT_TRUE(holds("::ffff:10.0.0.0/104", "10.1.2.3"));
  EXPECT_FALSE(holds("0.0.0.0/0", "::1")) << "all of IPv4 is not all of IPv6";
}

TEST(AddressRange, AZoneDoesNotCount) {
  EXPECT_TRUE(holds("fe80::/10", "fe80::1%eth0"));
  EXPECT_FALSE(AddressRange::parse("fe80::1%eth0").has_value());
}

TEST(AddressRange, RefusesOtherTexts) {
  for (const char* text : {"", "/8", "10.0.0.0/", "10.0.0.0/33", "::/129", "10.0.0.0/-1", "10.0.0.0/8 ",
                           "10.0.0/8", "localhost", "10.0.0.0/4294967304", "10.0.0.0/+8", "10.0.0.0/8/8"})
    EXPECT_FALSE(AddressRange::parse(text).has_value()) << text;
  EXPECT_FALSE(holds("::/0", "nonsense"));
  EXPECT_FALSE(holds("::/0", ""));
}

}  // namespace
}  // namespace togglecast::domain
