#include "web/address.hpp"

#include <gtest/gtest.h>

namespace togglecast::web {
namespace {

TEST(AddressKey, OfIpv4IsTheWholeAddress) {
  EXPECT_EQ(address_key("192.0.2.7"), "192.0.2.7");
  EXPECT_NE(address_key("192.0.2.7"), address_key("192.0.2.8"));
}

TEST(AddressKey, OfAMappedAddressIsThatOfTheIpv4Address) {
  EXPECT_EQ(address_key("::ffff:192.0.2.7"), "192.0.2.7");
  EXPECT_EQ(address_key("::ffff:c000:207"), "192.0.2.7");
}

TEST(AddressKey, OfIpv6IsItsBlockOf64Bits) {
  EXPECT_EQ(address_key("2001:db8:1:2::1"), "2001:db8:1:2::/64");
  EXPECT_EQ(address_key("2001:db8:1:2:ffff:ffff:ffff:ffff"), "2001:db8:1:2::/64");
  EXPECT_NE(address_key("2001:db8:1:3::1"), address_key("2001:db8:1:2::1"));
}

TEST(AddressKey, OfALinkLocalAddressHasNoZone) {
  EXPECT_EQ(address_key("fe80::1%1"), address_key("fe80::2%2"));
  EXPECT_EQ(address_key("fe80::1"), "fe80::/64");
}

TEST(AddressKey, OfThisMachineIsOneKey) {
  for (const char* text : {"127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"})
    EXPECT_EQ(address_key(text), "loopback") << text;
}

TEST(AddressKey, OfAnotherTextIsTheText) { EXPECT_EQ(address_key("unknown"), "unknown"); }

TEST(AddressKey, IsTheSameForAnAddressAndItsText) {
  for (const char* text : {"192.0.2.7", "2001:db8:1:2::1", "::ffff:192.0.2.7", "::1"})
    EXPECT_EQ(address_key(boost::asio::ip::make_address(text)), address_key(std::string_view(text))) << text;
}

}  // namespace
}  // namespace togglecast::web
