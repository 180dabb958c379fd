#include "net/outlets.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "local_stream.hpp"
#include "net/shard.hpp"

namespace togglecast::net {
namespace {

using test::LocalStream;

// The table never touches the streams, so their addresses are enough.
class OutletTable : public ::testing::Test {
 protected:
  Stream& stream(std::size_t number) { return reinterpret_cast<Stream&>(places_[number]); }

  Outlets outlets_;

 private:
  struct alignas(Stream) Place {
    std::byte bytes[sizeof(Stream)];
  };
  std::vector<Place> places_ = std::vector<Place>(3'000);
};

TEST_F(OutletTable, EntriesKeepTheirPlaceAndAddressWhileItGrows) {
  const auto first = outlets_.add(stream(0), 7);
  Outlet* const address = &outlets_[first];

  std::set<Outlets::Index> indexes{first};
  for (std::size_t i = 1; i < 3'000; ++i) indexes.insert(outlets_.add(stream(i), 8));

  EXPECT_EQ(indexes.size(), 3'000U);
  EXPECT_EQ(&outlets_[first], address);
  EXPECT_EQ(outlets_[first].stream, &stream(0));
  EXPECT_EQ(outlets_[first].descriptor, 7);
  EXPECT_EQ(outlets_[first].state, Outlet::State::direct);
}

TEST_F(OutletTable, AKeyFindsItsStreamAndNoLaterOneInTheSamePlace) {
  const auto index = outlets_.add(stream(0), 7);
  const auto key = outlets_.key(index);
  EXPECT_EQ(outlets_.find(key), &stream(0));

  outlets_.remove(index);
  EXPECT_EQ(outlets_.find(key), nullptr);
  ASSERT_EQ(outlets_.add(stream(1), 8), index) << "the place is used again";

  EXPECT_EQ(outlets_.find(key), nullptr);
  EXPECT_EQ(outlets_.find(outlets_.key(index)), &stream(1));
}

TEST_F(OutletTable, ARemovedEntryHoldsNothing) {
  const auto index = outlets_.add(stream(0), 7);

  outlets_.remove(index);

  EXPECT_EQ(outlets_[index].stream, nullptr);
  EXPECT_EQ(outlets_[index].descriptor, -1);
  EXPECT_EQ(outlets_[index].pending, nullptr);
  EXPECT_EQ(outlets_[index].state, Outlet::State::free);
}

TEST_F(OutletTable, VisitsEveryStreamAlsoWhenTheyGoMeanwhile) {
  std::vector<Outlets::Index> indexes;
  for (std::size_t i = 0; i < 2'000; ++i) indexes.push_back(outlets_.add(stream(i), 7));
  outlets_.remove(indexes[1]);

  std::set<Stream*> visited;
  outlets_.for_each([&](Stream& visit) {
    visited.insert(&visit);
    const auto at = static_cast<std::size_t>(std::distance(&stream(0), &visit));
    outlets_.remove(indexes[at]);
  });

  EXPECT_EQ(visited.size(), 1'999U);
  EXPECT_FALSE(visited.contains(&stream(1)));
  outlets_.for_each([](Stream&) { ADD_FAILURE() << "all have gone"; });
}

class Broadcasting : public ::testing::Test {
 protected:
  Outlet& entry(const LocalStream& side) { return shard_.outlets()[side.stream->outlet()]; }

  Shard shard_{0};
  LocalStream one_{shard_}, two_{shard_};
};

TEST_F(Broadcasting, OneWritePerSocketCarriesWhatATurnCollects) {
  shard_.run_ready();
  const auto writes = shard_.counters().writes.load();

  for (const char* text : {"a", "bc", "d"}) {
    const SharedBytes block{std::string_view(text)};
    for (const auto* side : {&one_, &two_}) shard_.send(side->stream->outlet(), block);
  }
  EXPECT_EQ(one_.peer.receive(), "") << "nothing leaves before the end of the turn";
  shard_.run_ready();

  EXPECT_EQ(one_.peer.receive(), "abcd");
  EXPECT_EQ(two_.peer.receive(), "abcd");
  EXPECT_EQ(shard_.counters().writes.load(), writes + 2);
}

TEST_F(Broadcasting, KeepsTheOrderWithWhatTheStreamItselfSends) {
  one_.stream->send("1");
  shard_.send(one_.stream->outlet(), SharedBytes("2"));
  one_.stream->send("3");
  shard_.run_ready();

  EXPECT_EQ(one_.peer.receive(), "123");
}

TEST_F(Broadcasting, ABlockedStreamQueuesAndIsWrittenDirectlyAgainLater) {
  EXPECT_EQ(entry(one_).state, Outlet::State::direct);
  one_.block();
  EXPECT_EQ(entry(one_).state, Outlet::State::by_stream);

  shard_.send(one_.stream->outlet(), SharedBytes("behind"));
  shard_.send(two_.stream->outlet(), SharedBytes("at once"));
  shard_.run_ready();
  EXPECT_EQ(two_.peer.receive(), "at once");

  std::string all;
  while (one_.stream->backlog_bytes() != 0) {
    all += one_.peer.receive();
    shard_.run_ready();
  }
  all += one_.peer.receive();
  EXPECT_EQ(all.size(), 4U * 1024 * 1024 + 6);
  EXPECT_TRUE(all.ends_with("behind"));
  EXPECT_EQ(one_.drained, 1);
  EXPECT_EQ(entry(one_).state, Outlet::State::direct);
}

TEST_F(Broadcasting, AClosedOrClosingStreamGetsNothing) {
  one_.stream->abort();
  two_.stream->close_gracefully();

  for (const auto* side : {&one_, &two_}) shard_.send(side->stream->outlet(), SharedBytes("too late"));
  shard_.run_ready();

  EXPECT_EQ(entry(one_).descriptor, -1);
  EXPECT_EQ(one_.peer.receive(), "");
  EXPECT_EQ(two_.peer.receive(), "");
}

TEST_F(Broadcasting, AnOutletWhoseStreamHasGoneTakesNothing) {
  Outlets::Index gone = Outlets::kNone;
  {
    const LocalStream third(shard_);
    gone = third.stream->outlet();
  }
  shard_.run_ready();

  shard_.send(gone, SharedBytes("to nobody"));
  shard_.run_ready();

  EXPECT_EQ(shard_.outlets()[gone].pending, nullptr);
}

TEST_F(Broadcasting, ALongChainLeavesBeforeTheEndOfTheTurn) {
  const SharedBytes block(std::string(64 * 1024, 'x'));

  std::size_t early = 0;
  for (int i = 0; i < 6; ++i) {
    shard_.send(one_.stream->outlet(), block);
    early += one_.peer.receive().size();
  }
  EXPECT_GT(early, 0U);
  std::size_t rest = 0;
  do {
    shard_.run_ready();
    rest += one_.peer.receive().size();
  } while (one_.stream->backlog_bytes() != 0);
  shard_.run_ready();
  rest += one_.peer.receive().size();

  EXPECT_EQ(early + rest, 6U * 64 * 1024);
}

}  // namespace
}  // namespace togglecast::net
