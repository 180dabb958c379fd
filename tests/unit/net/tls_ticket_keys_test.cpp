#include "net/tls_ticket_keys.hpp"

#include <gtest/gtest.h>

namespace togglecast::net {
namespace {

constexpr Milliseconds kLife{1'000};

class TicketKeysTest : public ::testing::Test {
 protected:
  static TimePoint at(int milliseconds) {
    return TimePoint{} + std::chrono::hours(1) + Milliseconds(milliseconds);
  }

  SystemRandom random_;
  TicketKeys keys_{random_, kLife};
};

TEST_F(TicketKeysTest, OneKeySealsForItsLifetimeAndThenAnother) {
  const auto first = keys_.current(at(0));

  EXPECT_EQ(keys_.current(at(999)).name, first.name);
  const auto second = keys_.current(at(1'000));
  EXPECT_NE(second.name, first.name);
  EXPECT_NE(second.cipher, first.cipher);
  EXPECT_NE(second.mac, first.mac);
}

TEST_F(TicketKeysTest, ThePreviousKeyOpensForAsLongAgain) {
  const auto first = keys_.current(at(0));
  static_cast<void>(keys_.current(at(1'000)));

  const auto found = keys_.find(first.name, at(1'999));

  ASSERT_TRUE(found);
  EXPECT_FALSE(found->current);
  EXPECT_EQ(found->key.cipher, first.cipher);
  EXPECT_FALSE(keys_.find(first.name, at(2'000)));
}

TEST_F(TicketKeysTest, TimeRunsOutWithoutNewTicketsToo) {
  const auto key = keys_.current(at(0));

  EXPECT_TRUE(keys_.find(key.name, at(999))->current);
  EXPECT_FALSE(keys_.find(key.name, at(1'000))->current);
  EXPECT_FALSE(keys_.find(key.name, at(2'000)));
}

TEST_F(TicketKeysTest, AnUnknownNameOpensNothing) {
  static_cast<void>(keys_.current(at(0)));

  EXPECT_FALSE(keys_.find(std::array<std::uint8_t, TicketKeys::kNameBytes>{}, at(0)));
}

}  // namespace
}  // namespace togglecast::net
