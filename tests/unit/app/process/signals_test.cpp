#include "app/process/signals.hpp"

#include <gtest/gtest.h>

#include <csignal>

namespace togglecast::app {
namespace {

using std::chrono::milliseconds;

TEST(Signals, OneThatIsSentTwiceAtOnceCountsOnce) {
  EXPECT_TRUE(repeats(SIGTERM, SIGTERM, milliseconds{0}));
  EXPECT_TRUE(repeats(SIGTERM, SIGTERM, milliseconds{499}));
  EXPECT_FALSE(repeats(SIGTERM, SIGTERM, milliseconds{500}));
  EXPECT_TRUE(repeats(SIGHUP, SIGHUP, milliseconds{10}));
}

TEST(Signals, AnotherSignalOrASecondCtrlCIsMeant) {
  EXPECT_FALSE(repeats(SIGTERM, SIGINT, milliseconds{0}));
  EXPECT_FALSE(repeats(SIGINT, SIGTERM, milliseconds{0}));
  EXPECT_FALSE(repeats(SIGINT, SIGINT, milliseconds{100}));
}

}  // namespace
}  // namespace togglecast::app
