#include "app/process/address_limits.hpp"

#include <gtest/gtest.h>

namespace togglecast::app {
namespace {

web::Peer from(const std::string& address) {
  return {.address = address, .secure = false, .loopback = false};
}

class AddressLimitsTest : public ::testing::Test {
 protected:
  ManualClock clock_;
  observe::Metrics metrics_;
  AddressLimits limits_{{.open = 2, .rate = {.per_second = 1, .burst = 3}}, clock_, metrics_};
};

TEST_F(AddressLimitsTest, RefuseTheConnectionTooMany) {
  const auto first = limits_.hold(from("192.0.2.1"));
  auto second = limits_.hold(from("192.0.2.1"));

  const auto refusal = limits_.admit(from("192.0.2.1"));

  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->status, 429U);
  EXPECT_GT(refusal->retry_after_s, 0U);
  EXPECT_FALSE(limits_.admit(from("192.0.2.2")));
  second.reset();
  EXPECT_FALSE(limits_.admit(from("192.0.2.1")));
}

TEST_F(AddressLimitsTest, RefuseTooManyInAShortTime) {
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(limits_.admit(from("192.0.2.1")));

  const auto refusal = limits_.admit(from("192.0.2.1"));

  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->status, 429U);
  EXPECT_EQ(refusal->retry_after_s, 1U);
  clock_.advance(Milliseconds{1'000});
  EXPECT_FALSE(limits_.admit(from("192.0.2.1")));
}

TEST_F(AddressLimitsTest, CountConnectionsThatSayNothing) {
  const auto address = boost::asio::ip::make_address("192.0.2.1");
  std::vector<std::optional<HeldPtr>> held;
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(held.emplace_back(limits_.accept(address)));

  EXPECT_FALSE(limits_.accept(address)) << "twice as many as sessions";

  EXPECT_TRUE(limits_.accept(boost::asio::ip::make_address("192.0.2.2")));
  EXPECT_FALSE(limits_.admit(from("192.0.2.1"))) << "sessions have a count of their own";
  held.pop_back();
  EXPECT_TRUE(limits_.accept(address));
}

TEST_F(AddressLimitsTest, CountTheHomesOfIpv6NotTheirHosts) {
  const auto first = limits_.hold(from("2001:db8:1:2::1"));
  const auto second = limits_.hold(from("2001:db8:1:2:ffff::9"));

  EXPECT_TRUE(limits_.admit(from("2001:db8:1:2::7")));
  EXPECT_FALSE(limits_.admit(from("2001:db8:1:3::7")));
}

TEST_F(AddressLimitsTest, CountThisMachineAsOneAddress) {
  const web::Peer here{.address = "127.0.0.1", .secure = false, .loopback = true};
  const web::Peer also_here{.address = "::1", .secure = false, .loopback = true};
  const auto first = limits_.hold(here);
  const auto second = limits_.hold(also_here);

  const auto refusal = limits_.admit(here);

  ASSERT_TRUE(refusal);
  EXPECT_NE(refusal->message.find("--trusted-proxy 127.0.0.1"), std::string::npos) << refusal->message;
  EXPECT_TRUE(limits_.admit(also_here));
}

TEST_F(AddressLimitsTest, CountAMappedAddressAsTheIpv4Address) {
  const auto first = limits_.hold(from("192.0.2.1"));
  const auto second = limits_.hold(from("::ffff:192.0.2.1"));

  EXPECT_TRUE(limits_.admit(from("192.0.2.1")));
}

TEST_F(AddressLimitsTest, LeaveThisMachineAloneWhenItIsExempt) {
  AddressLimits limits({.open = 2, .rate = {.per_second = 1, .burst = 3}, .exempt_loopback = true}, clock_,
                       metrics_);
  const web::Peer here{.address = "127.0.0.1", .secure = false, .loopback = true};
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(limits.admit(here));

  EXPECT_EQ(limits.hold(here), nullptr);
  for (const char* text : {"127.0.0.1", "127.8.9.10", "::1"})
    EXPECT_EQ(limits.accept(boost::asio::ip::make_address(text)).value(), nullptr) << text;
  EXPECT_EQ(limits.remembered(), 0U);
  const web::Peer through_a_proxy{.address = "127.0.0.1", .secure = false, .loopback = false};
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(limits.admit(through_a_proxy));
  EXPECT_TRUE(limits.admit(through_a_proxy));
}

TEST_F(AddressLimitsTest, ForgetWhoIsQuietAndKeepWhoIsThere) {
  const auto kept = limits_.hold(from("192.0.2.1"));
  for (int i = 0; i < 1'500; ++i)
    EXPECT_FALSE(limits_.admit(from("10.0." + std::to_string(i / 250) + '.' + std::to_string(i % 250))));
  const std::size_t before = limits_.remembered();

  clock_.advance(std::chrono::minutes{1});
  for (int i = 0; i < 1'500; ++i)
    EXPECT_FALSE(limits_.admit(from("10.1." + std::to_string(i / 250) + '.' + std::to_string(i % 250))));

  EXPECT_GT(before, 1'400U);
  EXPECT_LT(limits_.remembered(), 2'600U);
  const auto second = limits_.hold(from("192.0.2.1"));
  EXPECT_TRUE(limits_.admit(from("192.0.2.1"))) << "two are open";
}

}  // namespace
}  // namespace togglecast::app
