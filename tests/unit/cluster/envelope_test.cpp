#include "cluster/envelope.hpp"

#include <gtest/gtest.h>

#include "unit/cluster/test_keys.hpp"

namespace togglecast::cluster {
namespace {

using testing::TestKeys;

constexpr std::string_view kChannel = "togglecast:bus:beacons";
constexpr UnixMillis kNow{1'700'000'000'000};

std::string sealed(std::string_view payload, std::uint64_t sequence = 1, UnixMillis at = kNow) {
  return seal({"node-1", sequence, at, payload}, kChannel, TestKeys("secret"));
}

TEST(Envelope, ComesOutAsItWentIn) {
  const std::string bytes = sealed(std::string("a\n b\0", 5), 42);
  const auto message = unseal(bytes, kChannel, TestKeys("secret"));

  ASSERT_TRUE(message);
  EXPECT_EQ(message->node, "node-1");
  EXPECT_EQ(message->sequence, 42U);
  EXPECT_EQ(message->sent_at, kNow);
  EXPECT_EQ(message->payload, std::string("a\n b\0", 5));
  EXPECT_TRUE(bytes.starts_with("1 key-1 node-1 42 1700000000000 ")) << bytes;
}

TEST(Envelope, IsForeignWithAnotherKeyChannelOrAnyOtherByte) {
  const TestKeys keys("secret");
  std::string bytes = sealed("payload");

  EXPECT_EQ(unseal(bytes, kChannel, TestKeys("another")).error(), Drop::foreign);
  EXPECT_EQ(unseal(bytes, "togglecast:bus:other", keys).error(), Drop::foreign);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string spoiled = bytes;
    spoiled[i] = spoiled[i] == '3' ? '4' : '3';
    EXPECT_FALSE(unseal(spoiled, kChannel, keys)) << i;
  }
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(unseal(bytes.substr(0, size), kChannel, keys)) << size;
}

TEST(Envelope, SaysWhyItIsDropped) {
  const TestKeys keys("secret");
  const std::string mac(43, 'A');
  const auto why = [&](const std::string& bytes) { return unseal(bytes, kChannel, keys).error(); };

  EXPECT_EQ(why(""), Drop::malformed);
  EXPECT_EQ(why("hello\n"), Drop::malformed);
  EXPECT_EQ(why("2 anything at all\n"), Drop::unknown_version);
  EXPECT_EQ(why("1 k n 1 1 " + mac), Drop::malformed);
  EXPECT_EQ(why("1 k n 1 1 " + mac + "\n"), Drop::foreign);
  EXPECT_EQ(why("1 k n x 1 " + mac + "\n"), Drop::malformed);
  EXPECT_EQ(why("1 k n 1 1 " + mac + " more\n"), Drop::malformed);
  EXPECT_EQ(why("1 k\xff n 1 1 " + mac + "\n"), Drop::malformed);
  EXPECT_EQ(why(std::string(1'000, '1') + "\n"), Drop::malformed);
}

TEST(ReplayGuard, TakesEachMessageOnceAndInOrder) {
  ReplayGuard guard;
  const auto admit = [&](std::string_view node, std::uint64_t sequence, std::string_view channel = kChannel) {
    return guard.admit({node, sequence, kNow, ""}, channel, kNow);
  };

  EXPECT_TRUE(admit("a", 5));
  EXPECT_TRUE(admit("b", 1));
  EXPECT_TRUE(admit("a", 6));
  EXPECT_EQ(admit("a", 6).error(), Drop::replayed);
  EXPECT_EQ(admit("a", 5).error(), Drop::replayed);
  EXPECT_TRUE(admit("a", 5, "another"));
}

TEST(ReplayGuard, RefusesOldMessagesAlsoOfNodesThatItHasForgotten) {
  ReplayGuard guard;
  const Envelope first{"a", 1, kNow, ""};
  ASSERT_TRUE(guard.admit(first, kChannel, kNow));

  for (std::int64_t seconds = 0; seconds < 3'600; seconds += 10) {
    const UnixMillis now{kNow.value + seconds * 1'000};
    const Envelope ahead{"b", static_cast<std::uint64_t>(seconds) + 1, {now.value + 299'000}, ""};
    ASSERT_TRUE(guard.admit(ahead, kChannel, now));
    EXPECT_FALSE(guard.admit(first, kChannel, now)) << seconds;
    EXPECT_FALSE(guard.admit(ahead, kChannel, {now.value + 500'000})) << seconds;
  }
}

}  // namespace
}  // namespace togglecast::cluster
