#include "net/memory_trim.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "local_stream.hpp"
#include "support/eventually.hpp"

namespace togglecast::net {
namespace {

// One connection that came over the listener's counter, and went.
void come_and_go(Shard& shard) {
  ShardCounters::add(shard.own_counters().accepted, 1);
  { const test::LocalStream stream(shard); }
  shard.run_ready();
}

TEST(MemoryTrim, TrimsOnAThreadThatServesNobody) {
  ShardPool pool(1);
  test::Mailbox<std::thread::id> trimmers;
  const MemoryTrim trim(pool, {.every = Milliseconds(1), .connections = 4, .trim = [&] {
                                 EXPECT_EQ(Shard::current(), nullptr);
                                 trimmers.put(std::this_thread::get_id());
                               }});

  come_and_go(pool.at(0));
  come_and_go(pool.at(0));

  const auto first = trimmers.take();
  ASSERT_TRUE(first);
  EXPECT_NE(*first, std::this_thread::get_id());
  EXPECT_EQ(trimmers.take(), first);
}

TEST(MemoryTrim, CountsStreamsThatHaveClosed) {
  Shard shard(0);
  come_and_go(shard);
  const test::LocalStream open(shard);

  EXPECT_EQ(shard.counters().closed_streams.load(), 1U);
  EXPECT_EQ(shard.counters().open_streams.load(), 1U);
}

TEST(MemoryTrim, WaitsForATrimThatHasBegun) {
  ShardPool pool(1);
  std::atomic<bool> began{false}, ended{false};
  {
    const MemoryTrim trim(pool, {.every = Milliseconds(1), .connections = 2, .trim = [&] {
                                   began = true;
                                   std::this_thread::yield();
                                   ended = true;
                                 }});
    come_and_go(pool.at(0));
    ASSERT_TRUE(test::eventually([&] { return began.load(); }));
  }

  EXPECT_TRUE(ended);
}

TEST(MemoryTrim, EndsAtOnceHoweverFarItsNextLookIs) {
  ShardPool pool(1);

  const MemoryTrim trim(pool, {.every = std::chrono::hours(24)});

  EXPECT_EQ(trim.trims(), 0U);
}

}  // namespace
}  // namespace togglecast::net
