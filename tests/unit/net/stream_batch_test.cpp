// Two streams that become ready together: what the first does to the second before the second is told.
#include <gtest/gtest.h>
#include <unistd.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "local_stream.hpp"
#include "net/shard.hpp"

namespace togglecast::net {
namespace {

using test::LocalPeer;
using test::LocalStream;

// Both streams have a backlog, and both can read and write in the next turn. Whichever of them is told first
// ends the other one with `end`; then the descriptor number of the other belongs to a new connection.
class StreamBatchTest : public ::testing::Test {
 protected:
  void prepare(const std::function<void(Stream&)>& end) {
    for (LocalStream* side : {&one_, &two_}) {
      side->stream->limit(&reads_on_);
      side->block();
    }
    one_.react = [this, end] { take_number_of(two_, end); };
    two_.react = [this, end] { take_number_of(one_, end); };
    shard_.run_ready();
    ASSERT_EQ(told_, 0);
    for (const auto* side : {&one_, &two_}) {
      side->peer.send("go");
      (void)side->peer.receive();  // makes room: the stream may write again
    }
  }
  void take_number_of(LocalStream& other, const std::function<void(Stream&)>& end) {
    ++told_;
    const int number = other.descriptor();
    ASSERT_GE(number, 0);
    end(*other.stream);
    EXPECT_TRUE(other.stream->closed());
    EXPECT_EQ(other.descriptor(), -1);
    auto pair = test::local_pair();
    if (pair[1] == number) std::swap(pair[0], pair[1]);
    newcomer_ = std::make_unique<LocalPeer>(pair[1]);
    if (pair[0] != number) {
      ASSERT_EQ(::dup2(pair[0], number), number);
      ::close(pair[0]);
    }
    number_ = number;
  }
  ~StreamBatchTest() override {
    if (number_ >= 0) ::close(number_);
  }

  const StreamLimits reads_on_{.unread_bytes = 64 * 1024 * 1024};
  Shard shard_{0};
  LocalStream one_{shard_}, two_{shard_};
  std::unique_ptr<LocalPeer> newcomer_;
  int number_ = -1;
  int told_ = 0;
};

TEST_F(StreamBatchTest, AnAbortedStreamWritesNothingToTheNextOwnerOfItsDescriptor) {
  prepare([](Stream& other) { other.abort(); });

  shard_.run_ready();

  EXPECT_EQ(told_, 1) << "the second was told although it had ended";
  EXPECT_EQ(newcomer_->receive().size(), 0U);
  EXPECT_FALSE(newcomer_->ended());
}

TEST_F(StreamBatchTest, AStreamThatOverflowsWritesNothingToTheNextOwnerOfItsDescriptor) {
  const StreamLimits limits{.backlog_bytes = 1024, .stall = Milliseconds(30'000)};
  prepare([&](Stream& other) {
    other.limit(&limits);
    other.send(std::string(2'000, 'x'));  // too much behind what waits
  });

  shard_.run_ready();

  EXPECT_EQ(told_, 1);
  EXPECT_EQ(one_.ends.size() + two_.ends.size(), 1U);
  EXPECT_EQ(newcomer_->receive().size(), 0U);
  EXPECT_FALSE(newcomer_->ended());
}

TEST_F(StreamBatchTest, AClosedStreamSendsNothingOfWhatTheTurnCollected) {
  LocalStream third(shard_);
  third.stream->send("collected");
  third.stream->abort();
  third.stream->send("sent too late");
  third.stream->flush();

  shard_.run_ready();

  EXPECT_EQ(third.peer.receive(), "");
  EXPECT_TRUE(third.peer.ended());
}

TEST_F(StreamBatchTest, AReleasedStreamKeepsNoDescriptor) {
  LocalStream third(shard_);
  third.stream->send("before");

  DetachedStream detached = third.stream->release();

  EXPECT_EQ(third.descriptor(), -1);
  third.stream->send("after");
  third.stream->flush();
  third.stream->abort();
  shard_.run_ready();
  EXPECT_EQ(third.peer.receive(), "before");
  EXPECT_FALSE(third.peer.ended()) << "the new owner has the connection";
}

TEST_F(StreamBatchTest, AStreamThatIsClosingIsNotReleased) {
  LocalStream third(shard_);
  third.stream->close_gracefully();

  EXPECT_FALSE(third.stream->release());
}

TEST_F(StreamBatchTest, ADescriptorThatMovesToAnotherStreamIsReadByThatOneOnly) {
  LocalStream third(shard_);
  struct Taker final : StreamHandler {
    void on_data(char* data, std::size_t size) override { received.append(data, size); }
    void on_end(StreamEnd) override {}
    std::string received;
  } next;
  third.peer.send("for the next");

  const StreamPtr moved = Stream::adopt(shard_, third.stream->release());
  ASSERT_NE(moved, nullptr);
  moved->handle_with(&next);
  moved->start_reading();
  shard_.run_ready();

  EXPECT_EQ(third.received, "");
  EXPECT_EQ(next.received, "for the next");
  moved->abort();
}

}  // namespace
}  // namespace togglecast::net
