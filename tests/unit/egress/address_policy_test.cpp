#include "egress/address_policy.hpp"

#include <gtest/gtest.h>

namespace togglecast::egress {
namespace {

AddressBytes address(std::string_view text) {
  const auto parsed = parse_address(text);
  EXPECT_TRUE(parsed.has_value()) << text;
  return parsed.value_or(AddressBytes{});
}

TEST(AddressPolicy, KnowsTheKindOfEveryAddress) {
  const std::pair<std::string_view, AddressKind> expected[] = {
      {"8.8.8.8", AddressKind::global},
      {"172.15.255.255", AddressKind::global},
      {"172.32.0.0", AddressKind::global},
      {"2606:4700::1111", AddressKind::global},
      {"10.1.2.3", AddressKind::internal},
      {"172.16.0.1", AddressKind::internal},
      {"172.31.255.255", AddressKind::internal},
      {"192.168.1.1", AddressKind::internal},
      {"100.64.0.1", AddressKind::internal},
      {"100.127.255.255", AddressKind::internal},
      {"fd12:3456::1", AddressKind::internal},
      {"127.0.0.1", AddressKind::loopback},
      {"127.255.255.254", AddressKind::loopback},
      {"::1", AddressKind::loopback},
      {"0.0.0.0", AddressKind::never},
      {"::", AddressKind::never},
      {"169.254.169.254", AddressKind::never},
      {"fe80::1", AddressKind::never},
      {"fec0::1", AddressKind::never},
      {"224.0.0.1", AddressKind::never},
      {"255.255.255.255", AddressKind::never},
      {"ff02::1", AddressKind::never},
      {"192.0.2.1", AddressKind::never},
      {"2001:db8::1", AddressKind::never},
      {"2001:0:4136:e378:8000:63bf:3fff:fdd2", AddressKind::never},
      {"2002:0a00:0001::", AddressKind::never},
      {"64:ff9b:1::1", AddressKind::never},
  };
  for (const auto& [text, kind] : expected) EXPECT_EQ(kind_of(address(text)), kind) << text;
}

TEST(AddressPolicy, AnIpv4AddressInsideAnIpv6OneCountsAsTheIpv4Address) {
  EXPECT_EQ(kind_of(address("::ffff:10.0.0.1")), AddressKind::internal);
  EXPECT_EQ(kind_of(address("::ffff:127.0.0.1")), AddressKind::loopback);
  EXPECT_EQ(kind_of(address("::ffff:8.8.8.8")), AddressKind::global);
  EXPECT_EQ(kind_of(address("64:ff9b::10.0.0.1")), AddressKind::internal);
  EXPECT_EQ(kind_of(address("64:ff9b::a9fe:a9fe")), AddressKind::never);
  EXPECT_EQ(kind_of(address("64:ff9b::8.8.8.8")), AddressKind::global);
  EXPECT_EQ(kind_of(address("::127.0.0.1")), AddressKind::never);
}

TEST(AddressPolicy, AllowsPublicAddressesAlone) {
  const AddressPolicy policy;
  EXPECT_TRUE(policy.allows(address("8.8.8.8")));
  for (const auto* text : {"10.0.0.1", "127.0.0.1", "::1", "169.254.169.254", "fd00::1"})
    EXPECT_FALSE(policy.allows(address(text))) << text;
}

TEST(AddressPolicy, AllowsTheRangesThatAreNamed) {
  const auto policy = AddressPolicy::with({"10.8.0.0/13", "127.0.0.1", "fd00:1::/32"}).value();
  for (const auto* text :
       {"10.8.0.1", "10.15.255.255", "127.0.0.1", "fd00:1::9", "::ffff:10.9.1.1", "8.8.8.8"})
    EXPECT_TRUE(policy.allows(address(text))) << text;
  for (const auto* text : {"10.7.255.255", "10.16.0.0", "127.0.0.2", "::1", "fd00:2::9", "169.254.169.254"})
    EXPECT_FALSE(policy.allows(address(text))) << text;
}

TEST(AddressPolicy, RefusesRangesThatSayNothingOrTooMuch) {
  for (const auto* text : {"", "host", "10.0.0.0/33", "10.0.0.0/x", "10.0.0.0/", "fd00::/129",
                           "169.254.169.254", "8.8.8.8", "0.0.0.0/0", "::/0"}) {
    const auto policy = AddressPolicy::with({text});
    ASSERT_FALSE(policy.has_value()) << text;
    EXPECT_EQ(policy.error().code, Errc::invalid_argument);
  }
}

TEST(AddressPolicy, ARefusalNamesTheAddressAndItsCure) {
  EXPECT_NE(AddressPolicy::refusal(address("10.0.0.1")).find("--egress-allow 10.0.0.1"), std::string::npos);
  EXPECT_NE(AddressPolicy::refusal(address("::1")).find("--egress-allow ::1"), std::string::npos);
  EXPECT_EQ(AddressPolicy::refusal(address("169.254.169.254")).find("--egress-allow"), std::string::npos);
}

}  // namespace
}  // namespace togglecast::egress
