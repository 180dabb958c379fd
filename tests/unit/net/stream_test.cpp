#include "net/stream.hpp"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <future>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "net/shard_pool.hpp"
#include "support/eventually.hpp"
#include "support/tcp_client.hpp"
#include "unit/net/stream_side.hpp"

namespace togglecast::net {
namespace {

using test::eventually;
using test::TcpClient;
using testing::Side;

class StreamTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto port = pool_.listen({.addresses = {"127.0.0.1"}}, [this](Shard&, StreamPtr stream) {
      stream->limit(&limits_);
      side_ = std::make_unique<Side>(std::move(stream));
      if (prepare_) prepare_(*side_);
      if (reading_) side_->stream->start_reading();
      accepted_.put(true);
    });
    ASSERT_TRUE(port);
    port_ = *port;
    pool_.start();
  }
  void TearDown() override {
    run([this] { side_.reset(); });
    pool_.stop();
  }

  TcpClient connect() {
    TcpClient client(port_);
    EXPECT_TRUE(accepted_.take());
    return client;
  }
  void run(const std::function<void()>& task) {
    pool_.run_on_all([&](Shard&) { task(); });
  }
  /// Moves the clock, and waits until the shard has fired what is due.
  void pass(Milliseconds time) {
    run([] {});  // what the last task began has been armed
    clock_.advance(time + TimerWheel::kTick);
    run([] {});
    run([] {});
  }
  template <typename T>
  T ask(const std::function<T()>& question) {
    T answer{};
    run([&] { answer = question(); });
    return answer;
  }
  const ShardCounters& counters() const { return pool_.at(0).counters(); }

  StreamLimits limits_{.backlog_bytes = 64 * 1024 * 1024, .stall = Milliseconds(60'000)};
  std::function<void(Side&)> prepare_;
  bool reading_ = true;
  test::Mailbox<bool> accepted_;
  std::unique_ptr<Side> side_;
  ManualClock clock_;
  ShardPool pool_{1, nullptr, clock_};
  std::uint16_t port_ = 0;
};

TEST_F(StreamTest, CarriesBytesBothWays) {
  prepare_ = [](Side& side) { side.react = [&side](std::string_view bytes) { side.stream->send(bytes); }; };
  auto client = connect();

  client.send("over and back");

  EXPECT_EQ(client.receive(13), "over and back");
}

TEST_F(StreamTest, WhatOneTurnCollectsLeavesInOneWrite) {
  auto client = connect();
  const auto before = counters().writes.load();

  run([this] {
    for (int i = 0; i < 100; ++i) side_->stream->send("0123456789");
  });

  EXPECT_EQ(client.receive(1'000).size(), 1'000U);
  // The counter moves after the bytes have left.
  EXPECT_TRUE(test::eventually([&] { return counters().writes.load() - before == 1U; }));
}

TEST_F(StreamTest, EverythingArrivesInOrderThroughABlockedSocket) {
  auto client = connect();
  std::string sent;
  run([&] {
    for (int i = 0; i < 400; ++i) {
      const std::string piece(30'000 + static_cast<std::size_t>(i), static_cast<char>('a' + i % 26));
      sent += piece;
      side_->stream->send(piece);
      if (i % 3 == 0) side_->stream->flush();
    }
  });
  ASSERT_GT(ask<std::size_t>([this] { return side_->stream->backlog_bytes(); }), 0U);

  EXPECT_TRUE(client.receive(sent.size()) == sent);

  EXPECT_TRUE(side_->drained.take());
  EXPECT_EQ(ask<std::size_t>([this] { return side_->stream->backlog_bytes(); }), 0U);
}

TEST_F(StreamTest, ReadsNothingWhileThePeerLeavesMuchUnread) {
  std::atomic<std::size_t> read{0};
  prepare_ = [&read](Side& side) { side.react = [&read](std::string_view bytes) { read += bytes.size(); }; };
  auto client = connect();
  const std::string large(32 * 1024 * 1024, 'x');
  run([&] { side_->stream->send(large); });
  ASSERT_TRUE(ask<bool>([this] { return side_->stream->congested(); }));

  client.send("unheard");
  run([] {});
  EXPECT_EQ(read, 0U);
  EXPECT_EQ(client.receive(large.size()).size(), large.size());

  EXPECT_TRUE(eventually([&] { return read == 7U; }));
  EXPECT_FALSE(ask<bool>([this] { return side_->stream->congested(); }));
}

TEST_F(StreamTest, ABacklogBeyondItsLimitEndsTheStream) {
  limits_.backlog_bytes = 1024 * 1024;
  auto client = connect();
  const std::string piece(64 * 1024, 'x');
  for (int i = 0; i < 400 && side_->ends.size() == 0; ++i) {
    run([&] {
      side_->stream->send(piece);
      // The kernel may take a part of a few pieces before it takes nothing more; the count begins there.
      EXPECT_LE(side_->stream->backlog_bytes(), limits_.backlog_bytes + 4 * piece.size());
    });
  }

  EXPECT_EQ(side_->ends.take(), StreamEnd::overflow);
  EXPECT_EQ(counters().overflowed_streams.load(), 1U);
  EXPECT_TRUE(ask<bool>([this] { return side_->stream->closed(); }));
}

// An answer of many blocks is as good as one of a single block.
TEST_F(StreamTest, WhatOneTurnSendsMayBeLargerAndOnlyTheRestIsLimited) {
  limits_.backlog_bytes = 1024 * 1024;
  auto client = connect();
  const std::string piece(64 * 1024, 'x');
  run([&] {
    for (int i = 0; i < 400; ++i) side_->stream->send(piece);
  });
  run([&] { side_->stream->send(std::string(512 * 1024, 'x')); });
  EXPECT_GT(ask<std::size_t>([this] { return side_->stream->backlog_bytes(); }), 2 * limits_.backlog_bytes);
  EXPECT_EQ(side_->ends.size(), 0U);

  // The kernel may take a little more of what waits, which makes room.
  for (int i = 0; i < 100 && side_->ends.size() == 0; ++i)
    run([&] { side_->stream->send(std::string(600 * 1024, 'x')); });

  EXPECT_EQ(side_->ends.take(), StreamEnd::overflow);
}

TEST_F(StreamTest, APeerThatTakesSomethingMayHaveMoreThanTheLimitInAll) {
  limits_.backlog_bytes = 1024 * 1024;
  auto client = connect();
  const std::string piece(768 * 1024, 'x');
  run([&] { side_->stream->send(std::string(16 * 1024 * 1024, 'x')); });

  for (int i = 0; i < 8; ++i) {
    run([&] { side_->stream->send(piece); });
    const auto before = ask<std::size_t>([this] { return side_->stream->backlog_bytes(); });
    ASSERT_TRUE(test::eventually([&] {
      (void)client.receive(64 * 1024);
      return ask<std::size_t>([this] { return side_->stream->backlog_bytes(); }) < before;
    }));
  }

  EXPECT_EQ(side_->ends.size(), 0U);
}

TEST_F(StreamTest, ABlockedStreamTellsForHowLongItHasTakenNothing) {
  auto client = connect();
  EXPECT_EQ(ask<Milliseconds>([this] { return side_->stream->stalled(); }), Milliseconds{0});
  run([this] { side_->stream->send(std::string(16 * 1024 * 1024, 'x')); });

  EXPECT_TRUE(eventually([this] {  // the kernel may have taken a little more meanwhile
    pass(Milliseconds{1'500});
    return ask<Milliseconds>([this] { return side_->stream->stalled(); }) >= Milliseconds{1'000};
  }));
}

TEST_F(StreamTest, AStreamForgetsWhatWaitsUpToTheBlockThatHasBegun) {
  auto client = connect();
  const std::string piece(64 * 1024, 'x');
  std::size_t sent = 0;
  while (ask<std::size_t>([this] { return side_->stream->backlog_bytes(); }) < 4 * 1024 * 1024) {
    run([&] { side_->stream->send(piece); });
    sent += piece.size();
  }

  run([this] {
    EXPECT_TRUE(side_->stream->discard_backlog());
    EXPECT_LT(side_->stream->backlog_bytes(), 64U * 1024U);
    side_->stream->send("the end");
    side_->stream->close_gracefully();
  });

  const std::string all = client.receive_to_end();
  EXPECT_LT(all.size(), sent - 2 * 1024 * 1024);
  EXPECT_EQ((all.size() - 7) % piece.size(), 0U) << "no block is cut";
  EXPECT_EQ(all.substr(all.size() - 7), "the end");
}

TEST_F(StreamTest, ABlockThatIsTooLongToWaitForCannotBeForgotten) {
  auto client = connect();
  run([this] { side_->stream->send(std::string(16 * 1024 * 1024, 'x')); });

  EXPECT_FALSE(ask<bool>([this] { return side_->stream->discard_backlog(); }));
}

// A client that asks for many small answers and reads none of them must not cost more than the limit says.
TEST_F(StreamTest, SmallBlocksWeighWhatTheyCost) {
  limits_.backlog_bytes = 1024 * 1024;
  auto client = connect();
  run([&] { side_->stream->send(std::string(16 * 1024 * 1024, 'x')); });  // a first block may be larger

  std::size_t blocks = 0;
  while (blocks < 64 * 1024 && !ask<bool>([this] { return side_->stream->closed(); })) {
    run([&] {
      for (int i = 0; i < 1024; ++i) side_->stream->send("yz");
    });
    blocks += 1024;
  }

  EXPECT_LE(blocks, 1024U * 1024U / 32U);
}

TEST_F(StreamTest, AReaderThatStopsReadingIsGivenUp) {
  auto client = connect();
  run([this] { side_->stream->send(std::string(16 * 1024 * 1024, 'x')); });

  pass(limits_.stall - Milliseconds(1'000));
  EXPECT_FALSE(ask<bool>([this] { return side_->stream->closed(); }));
  EXPECT_TRUE(eventually([this] {  // the kernel may have taken a little more meanwhile
    pass(limits_.stall);
    return side_->ends.size() != 0;
  }));

  EXPECT_EQ(side_->ends.take(), StreamEnd::write_stalled);
  EXPECT_EQ(counters().stalled_streams.load(), 1U);
  const Unread unread = ask<Unread>([this] { return side_->stream->unread(); });
  EXPECT_GT(unread.bytes, 0U);
  EXPECT_GE(unread.time, limits_.stall);
}

TEST_F(StreamTest, AGracefulCloseDeliversTheBacklogFirst) {
  auto client = connect();
  const std::string sent(8 * 1024 * 1024, 'z');

  run([&] {
    side_->stream->send(sent);
    side_->stream->close_gracefully();
    side_->stream->send("never");
  });

  EXPECT_TRUE(client.receive_to_end() == sent);
  client.close();
  EXPECT_TRUE(eventually([this] { return ask<bool>([this] { return side_->stream->closed(); }); }));
}

TEST_F(StreamTest, AReaderThatStopsReadingIsGivenUpAfterTheCloseToo) {
  auto client = connect();
  run([this] {
    side_->stream->send(std::string(16 * 1024 * 1024, 'x'));
    side_->stream->close_gracefully();
    side_->stream->limit(nullptr);
  });

  pass(limits_.stall - Milliseconds(1'000));
  EXPECT_FALSE(ask<bool>([this] { return side_->stream->closed(); }));
  EXPECT_TRUE(eventually([this] {
    pass(limits_.stall);
    return ask<bool>([this] { return side_->stream->closed(); });
  }));
  EXPECT_EQ(counters().stalled_streams.load(), 1U);
}

TEST_F(StreamTest, ClosingGracefullyDoesNotResetWhatThePeerStillSends) {
  auto client = connect();
  run([this] {
    side_->stream->send("bye");
    side_->stream->close_gracefully();
  });
  client.send(std::string(100'000, 'q'));  // nobody reads it, and yet:

  EXPECT_EQ(client.receive_to_end(), "bye");
}

TEST_F(StreamTest, APeerThatNeverClosesIsLeftAfterAMoment) {
  auto client = connect();
  run([this] { side_->stream->close_gracefully(); });

  pass(Milliseconds(500));
  EXPECT_FALSE(ask<bool>([this] { return side_->stream->closed(); }));
  pass(Milliseconds(500));

  EXPECT_TRUE(ask<bool>([this] { return side_->stream->closed(); }));
}

TEST_F(StreamTest, AHalfClosedPeerStillGetsAnswers) {
  auto client = connect();
  client.send("question");
  client.finish_sending();
  EXPECT_EQ(side_->ends.take(), StreamEnd::peer_closed);

  run([this] {
    side_->stream->send("answer");
    side_->stream->close_gracefully();
  });

  EXPECT_EQ(client.receive_to_end(), "answer");
}

TEST_F(StreamTest, AResetIsAnError) {
  auto client = connect();

  client.reset();

  EXPECT_EQ(side_->ends.take(), StreamEnd::error);
}

TEST_F(StreamTest, AbortSaysNothing) {
  auto client = connect();

  run([this] {
    side_->stream->send("lost");
    side_->stream->abort();
  });

  EXPECT_EQ(client.receive_to_end(), "");
  EXPECT_EQ(side_->ends.size(), 0U);
}

TEST_F(StreamTest, NothingIsReadWhilePaused) {
  auto client = connect();
  run([this] { side_->stream->pause_reading(); });
  client.send("wait");
  run([] {});
  run([] {});
  EXPECT_EQ(ask<std::string>([this] { return side_->received; }), "");

  run([this] { side_->stream->start_reading(); });

  EXPECT_TRUE(eventually([this] { return ask<std::string>([this] { return side_->received; }) == "wait"; }));
}

TEST_F(StreamTest, WhatCameMeanwhileIsReadWhenReadingBeginsAtTheEndOfATurn) {
  reading_ = false;
  auto client = connect();
  client.send("early");
  const int descriptor =
      ask<int>([this] { return Shard::current()->outlets()[side_->stream->outlet()].descriptor; });
  pollfd ready{.fd = descriptor, .events = POLLIN, .revents = 0};
  ASSERT_EQ(::poll(&ready, 1, 10'000), 1);
  test::Mailbox<std::string> heard;
  run([&] { side_->react = [&heard](std::string_view bytes) { heard.put(std::string(bytes)); }; });

  run([this] { Shard::current()->at_turn_end([this] { side_->stream->start_reading(); }); });

  EXPECT_EQ(heard.take(), "early");
}

TEST_F(StreamTest, AThrowingHandlerEndsItsOwnStream) {
  prepare_ = [](Side& side) { side.react = [](std::string_view) { throw std::runtime_error("no"); }; };
  auto client = connect();

  client.send("x");

  EXPECT_EQ(side_->ends.take(), StreamEnd::error);
  EXPECT_EQ(client.receive_to_end(), "");
  EXPECT_EQ(counters().failed_tasks.load(), 1U);
}

TEST_F(StreamTest, AReleasedDescriptorHasSentEverythingAndIsOurs) {
  reading_ = false;
  auto client = connect();
  DetachedStream detached;

  run([&] {
    side_->stream->send("first ");
    detached = side_->stream->release();
    side_->stream->send("ignored");
  });

  ASSERT_TRUE(detached);
  ASSERT_EQ(::send(detached.descriptor(), "second", 6, MSG_NOSIGNAL), 6);
  EXPECT_EQ(client.receive(12), "first second");
}

// The turn's list of streams to flush must not point to what was released and dropped meanwhile.
TEST_F(StreamTest, AReleasedStreamMayDieInTheSameTurn) {
  auto client = connect();

  run([this] {
    side_->stream->send("out");
    EXPECT_TRUE(side_->stream->release());  // nobody takes it up: that closes it
    side_.reset();
  });

  EXPECT_EQ(client.receive_to_end(), "out");
}

TEST_F(StreamTest, ABlockedStreamIsNotReleased) {
  auto client = connect();

  run([this] {
    side_->stream->send(std::string(16 * 1024 * 1024, 'x'));
    side_->stream->flush();
    EXPECT_FALSE(side_->stream->release());
    EXPECT_FALSE(side_->stream->closed());
  });
}

TEST_F(StreamTest, CountsOpenStreams) {
  EXPECT_EQ(counters().open_streams.load(), 0U);
  auto client = connect();
  EXPECT_EQ(counters().open_streams.load(), 1U);

  run([this] { side_.reset(); });

  EXPECT_TRUE(eventually([this] { return counters().open_streams.load() == 0; }));
}

TEST_F(StreamTest, StreamsThatAreOpenWhenTheShardsStopAreFreed) {
  auto client = connect();
  auto blocked = ask<StreamPtr>([this] { return side_->stream; });  // its count is the shard's own
  run([&] { blocked->send(std::string(16 * 1024 * 1024, 'x')); });

  pool_.stop();
  blocked.reset();
  side_.reset();

  EXPECT_TRUE(client.closed_by_server());
}

}  // namespace
}  // namespace togglecast::net
