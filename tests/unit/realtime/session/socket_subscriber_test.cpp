#include "realtime/session/socket_subscriber.hpp"

#include <gtest/gtest.h>

namespace togglecast::realtime {
namespace {

// The server holds one for each connection, of which there may be a hundred thousand: docs/benchmarks.md has
// the memory of a connection. A new member must be worth that.
TEST(SocketSubscriber, StaysSmall) {
  EXPECT_LE(sizeof(delivery::Subscriber), 128U);
  EXPECT_LE(sizeof(delivery::Receipt), 16U);
  EXPECT_LE(sizeof(SocketSubscriber), 392U);
}

}  // namespace
}  // namespace togglecast::realtime
