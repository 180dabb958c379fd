#include "app/wiring.hpp"

#include <gmock/gmock.h>

#include <cerrno>

namespace togglecast::app {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class AcceptGateTest : public ::testing::Test {
 protected:
  bool lets_in(const std::string& address) {
    auto held = gate_(boost::asio::ip::make_address(address));
    if (held) open_.push_back(*std::move(held));
    return held.has_value();
  }

  ManualClock clock_;
  observe::Metrics metrics_;
  std::vector<std::string> lines_;
  observe::Log log_{{}, [this](std::string_view line) { lines_.emplace_back(line); }, clock_};
  AddressLimits limits_{{.open = 2}, clock_, metrics_};
  RefusalLog refusals_{log_, clock_};
  Settings settings_ = [] {
    Settings settings;
    settings.trusted_proxies = {"10.0.0.0/8"};
    return settings;
  }();
  net::AcceptGate gate_ = accept_gate(settings_, limits_, refusals_);
  std::vector<std::shared_ptr<void>> open_;
};

TEST_F(AcceptGateTest, OneAddressHasNoMoreThanTwiceItsLimit) {
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(lets_in("192.0.2.1"));
  EXPECT_FALSE(lets_in("192.0.2.1"));
  EXPECT_TRUE(lets_in("192.0.2.2"));
  EXPECT_THAT(metrics_.exposition(), HasSubstr("togglecast_connections_limited_total{limit=\"open\"} 1"));
}

TEST_F(AcceptGateTest, ThisMachineAndTrustedProxiesHaveAsManyAsTheyLike) {
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(lets_in("127.0.0.1") && lets_in("::1") && lets_in("10.1.2.3"));
  EXPECT_THAT(lines_, IsEmpty());
}

TEST_F(AcceptGateTest, TheLogNamesAddressAndOptionOnceASecond) {
  for (int i = 0; i < 100; ++i) lets_in("192.0.2.1");
  EXPECT_THAT(lines_, ElementsAre(AllOf(HasSubstr("192.0.2.1"), HasSubstr("--connections-per-address"))));

  clock_.advance(Milliseconds{1'000});
  lets_in("192.0.2.1");
  EXPECT_EQ(lines_.size(), 2U);
}

TEST_F(AcceptGateTest, TheLogSaysWhatToRaiseWhenDescriptorsAreUsedUp) {
  for (int i = 0; i < 100; ++i) refusals_.exhausted(EMFILE);

  EXPECT_THAT(lines_, ElementsAre(AllOf(HasSubstr("no descriptor"), HasSubstr("ulimit -n"))));
}

}  // namespace
}  // namespace togglecast::app
