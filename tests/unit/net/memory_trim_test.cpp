#include "net/memory_trim.hpp"

#include <gtest/gtest.h>

#include "support/eventually.hpp"
#include "support/tcp_client.hpp"

namespace togglecast::net {
namespace {

TEST(MemoryTrim, LooksAgainAndAgainAfterConnectionsCameOrWent) {
  ShardPool pool(1);
  const MemoryTrim trim(pool, {.every = Milliseconds(5), .connections = 3});
  const auto port =
      pool.listen({.addresses = {"127.0.0.1"}}, [](Shard&, const StreamPtr& stream) { stream->abort(); });
  ASSERT_TRUE(port);
  pool.start();
  EXPECT_EQ(trim.trims(), 0U);

  { const test::TcpClient one(*port); }  // came and went: two
  EXPECT_TRUE(test::eventually([&] { return pool.at(0).counters().accepted.load() == 1; }));
  EXPECT_EQ(trim.trims(), 0U);
  { const test::TcpClient two(*port); }

  EXPECT_TRUE(test::eventually([&] { return trim.trims() >= 4; }));
  pool.stop();
}

}  // namespace
}  // namespace togglecast::net
