// Streams with TLS over loopback, from the listener on.
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "net/shard_pool.hpp"
#include "net/stream.hpp"
#include "net/tls_context.hpp"
#include "net/tls_session.hpp"
#include "support/certificate.hpp"
#include "support/eventually.hpp"
#include "support/temporary_folder.hpp"
#include "support/tls_peer.hpp"

namespace togglecast::net {
namespace {

using test::eventually;
using test::TcpClient;
using test::TlsClient;

// Keeps its stream, remembers what it hears, and sends it back if it shall. Touched on its shard only, but
// for the mailboxes.
struct Side final : StreamHandler, Retirable {
  explicit Side(StreamPtr accepted) : stream(std::move(accepted)) { stream->handle_with(this); }
  ~Side() override {
    stream->handle_with(nullptr);
    if (!stream->closed()) stream->abort();
  }
  void on_data(char* data, std::size_t size) override {
    received.append(data, size);
    if (react) react(std::string_view(data, size));
  }
  void on_end(StreamEnd reason) override { ends.put(reason); }
  void on_drained() override { drained.put(true); }

  StreamPtr stream;
  std::string received;
  std::function<void(std::string_view)> react;
  test::Mailbox<StreamEnd> ends;
  test::Mailbox<bool> drained;
};

class TlsStreamTest : public ::testing::Test {
 protected:
  void SetUp() override {
    context_ = TlsContext::load(
                   {.certificate = files_.certificate, .key = files_.key, .plaintext_answer = "speak TLS"})
                   .value();
    context_->on_failure([this](TlsFailure failure, std::string_view, const std::string& address) {
      EXPECT_EQ(address, "127.0.0.1");
      failures_.put(failure);
    });
    const auto port =
        pool_.listen({.addresses = {"127.0.0.1"}, .tls = context_}, [this](Shard&, StreamPtr stream) {
          stream->limit(&limits_);
          sides_.push_back(std::make_unique<Side>(std::move(stream)));
          Side& side = *sides_.back();
          if (echo_) side.react = [&side](std::string_view bytes) { side.stream->send(bytes); };
          side.stream->start_reading();
          accepted_.put(true);
        });
    ASSERT_TRUE(port);
    port_ = *port;
    pool_.start();
  }
  void TearDown() override {
    run([this] { sides_.clear(); });
    pool_.stop();
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
  std::uint64_t failed(TlsFailure failure) const {
    return context_->counters().failures[static_cast<std::size_t>(failure)].load();
  }
  // A connection whose handshake is done.
  std::unique_ptr<TlsClient> connect(int receive_buffer = 0) {
    auto client = std::make_unique<TlsClient>(port_, test::TlsPeerOptions{}, receive_buffer);
    EXPECT_TRUE(client->connect());
    EXPECT_TRUE(accepted_.take());
    return client;
  }

  togglecast::testing::TemporaryFolder folder_;
  test::CertificateFiles files_ = test::make_certificate(folder_.path(), "server", {.name = "before"});
  StreamLimits limits_{.backlog_bytes = 64 * 1024 * 1024, .stall = Milliseconds(60'000)};
  bool echo_ = true;
  std::shared_ptr<TlsContext> context_;
  test::Mailbox<bool> accepted_;
  test::Mailbox<TlsFailure> failures_;
  std::vector<std::unique_ptr<Side>> sides_;
  ManualClock clock_;
  ShardPool pool_{1, nullptr, clock_};
  std::uint16_t port_ = 0;
};

TEST_F(TlsStreamTest, CarriesBytesBothWays) {
  const auto client = connect();

  client->send("over and back");

  EXPECT_EQ(client->receive(13), "over and back");
}

TEST_F(TlsStreamTest, AHandshakeMayComeByteByByte) {
  TlsClient client(port_);
  ASSERT_TRUE(client.connect(1));

  client.peer().write("slowly");
  ASSERT_TRUE(client.flush(1));

  EXPECT_EQ(client.receive(6), "slowly");
}

TEST_F(TlsStreamTest, WhatComesTogetherWithTheEndOfTheHandshakeIsNotLost) {
  TlsClient client(port_);
  ASSERT_TRUE(client.flush());
  while (!client.peer().secured()) client.peer().feed(client.tcp().receive_some());

  client.peer().write("at once");
  ASSERT_TRUE(client.flush());

  EXPECT_EQ(client.receive(7), "at once");
}

TEST_F(TlsStreamTest, EverythingArrivesInOrderThroughABlockedSocket) {
  const auto client = connect(8'192);
  std::string sent;
  run([&] {
    for (int i = 0; i < 400; ++i) {
      const std::string piece(30'000 + static_cast<std::size_t>(i), static_cast<char>('a' + i % 26));
      sent += piece;
      sides_[0]->stream->send(piece);
      if (i % 7 == 0) sides_[0]->stream->flush();
    }
  });
  ASSERT_GT(ask<std::size_t>([this] { return sides_[0]->stream->backlog_bytes(); }), 0U);

  EXPECT_TRUE(client->receive(sent.size()) == sent);
  EXPECT_TRUE(sides_[0]->drained.take());
}

TEST_F(TlsStreamTest, MuchGoesBothWaysToASlowReader) {
  const auto client = connect(8'192);
  std::string sent;
  for (int i = 0; i < 200; ++i) sent += std::string(20'000, static_cast<char>('a' + i % 26));

  ASSERT_TRUE(client->send(sent));  // nothing is read meanwhile: the echo waits at the server

  EXPECT_TRUE(client->receive(sent.size()) == sent);
}

// Blocked in the middle of a record, a stream still answers what the TLS of its peer asks.
TEST_F(TlsStreamTest, NewKeysMayBeAskedOfABlockedStream) {
  const auto client = connect(8'192);
  const std::string big(8'000'000, 'b');
  run([&] {
    sides_[0]->react = nullptr;
    sides_[0]->stream->send(big);
    sides_[0]->stream->flush();
  });
  for (int i = 0; i < 3; ++i) {
    SSL_key_update(client->peer().ssl(), SSL_KEY_UPDATE_REQUESTED);
    ASSERT_TRUE(client->send("new keys"));
  }
  ASSERT_TRUE(
      eventually([this] { return ask<std::string>([this] { return sides_[0]->received; }).size() == 24; }));

  EXPECT_TRUE(client->receive(big.size()) == big);
  run([this] { sides_[0]->stream->send("after"); });
  EXPECT_EQ(client->receive(5), "after");
}

TEST_F(TlsStreamTest, ABacklogHasItsLimitButTheFirstBlockMayBeLarger) {
  limits_.backlog_bytes = 100'000;
  const auto client = connect(8'192);

  run([this] {
    sides_[0]->stream->send(std::string(8'000'000, 'x'));
    sides_[0]->stream->flush();
  });
  EXPECT_FALSE(ask<bool>([this] { return sides_[0]->stream->closed(); }));
  run([this] { sides_[0]->stream->send("one more"); });

  EXPECT_EQ(sides_[0]->ends.take(), StreamEnd::overflow);
}

TEST_F(TlsStreamTest, ABacklogThatDoesNotShrinkEndsTheStream) {
  const auto client = connect(8'192);
  run([this] { sides_[0]->stream->send(std::string(8'000'000, 'x')); });

  pass(limits_.stall - Milliseconds(1'000));
  EXPECT_FALSE(ask<bool>([this] { return sides_[0]->stream->closed(); }));
  EXPECT_TRUE(eventually([this] {  // the kernel may have taken a little more meanwhile
    pass(limits_.stall);
    return sides_[0]->ends.size() != 0;
  }));

  EXPECT_EQ(sides_[0]->ends.take(), StreamEnd::write_stalled);
}

TEST_F(TlsStreamTest, AnOrderlyEndSendsEverythingAndThenCloseNotify) {
  const auto client = connect(8'192);

  run([this] {
    sides_[0]->stream->send(std::string(4'000'000, 'y'));
    sides_[0]->stream->send("end");
    sides_[0]->stream->close_gracefully();
  });

  const std::string received = client->receive_to_end();
  EXPECT_EQ(received.size(), 4'000'003U);
  EXPECT_EQ(received.substr(4'000'000), "end");
  EXPECT_TRUE(client->peer().closed());
  EXPECT_TRUE(client->tcp().closed_by_server());
}

TEST_F(TlsStreamTest, ThePeersCloseNotifyIsAnOrderlyEndAndCanBeAnswered) {
  const auto client = connect();
  run([this] { sides_[0]->react = nullptr; });

  client->peer().write("last");
  client->peer().close_notify();
  ASSERT_TRUE(client->flush());

  EXPECT_EQ(sides_[0]->ends.take(), StreamEnd::peer_closed);
  run([this] { sides_[0]->stream->send("heard: " + sides_[0]->received); });
  EXPECT_EQ(client->receive(11), "heard: last");
}

TEST_F(TlsStreamTest, AnEndWithoutCloseNotifyIsOneToo) {
  const auto client = connect();

  client->tcp().finish_sending();

  EXPECT_EQ(sides_[0]->ends.take(), StreamEnd::peer_closed);
}

TEST_F(TlsStreamTest, GarbageCostsItsOwnConnectionAlone) {
  const auto spoiled = connect();
  const auto other = connect();

  spoiled->tcp().send(std::string("\x17\x03\x03\x00\x20", 5) + std::string(32, '?'));

  EXPECT_EQ(sides_[0]->ends.take(), StreamEnd::error);
  EXPECT_EQ(spoiled->receive_to_end(), "");
  EXPECT_EQ(spoiled->peer().failure(), SSL_AD_REASON_OFFSET + SSL_AD_BAD_RECORD_MAC);
  other->send("still here");
  EXPECT_EQ(other->receive(10), "still here");
}

TEST_F(TlsStreamTest, RenegotiatingIsRefusedAndCostsNobodyElse) {
  TlsClient client(port_, {.latest_version = TLS1_2_VERSION});
  ASSERT_TRUE(client.connect());
  const auto other = connect();

  SSL_renegotiate(client.peer().ssl());
  SSL_do_handshake(client.peer().ssl());
  ASSERT_TRUE(client.flush());
  client.receive(1);

  EXPECT_EQ(client.peer().failure(), SSL_R_NO_RENEGOTIATION);
  other->send("still here");
  EXPECT_EQ(other->receive(10), "still here");
}

TEST_F(TlsStreamTest, WhoSpeaksWithoutTlsIsToldAndReported) {
  TcpClient client(port_);

  client.send("POST / HTTP/1.1\r\nContent-Length: 100000\r\n\r\n" + std::string(100'000, 'x'));

  EXPECT_EQ(client.receive_to_end(), "speak TLS");
  EXPECT_EQ(failures_.take(), TlsFailure::plaintext);
  EXPECT_EQ(failed(TlsFailure::plaintext), 1U);
}

TEST_F(TlsStreamTest, WhoGoesAwayInTheMiddleIsCounted) {
  {
    TlsClient silent(port_);
    TlsClient halfway(port_);
    halfway.flush();
    halfway.tcp().receive_some();
    halfway.tcp().reset();
  }

  EXPECT_EQ(failures_.take(), TlsFailure::closed);
  EXPECT_EQ(failures_.take(), TlsFailure::closed);
  EXPECT_EQ(accepted_.size(), 0U);
  EXPECT_TRUE(eventually([this] { return pool_.at(0).counters().open_streams.load() == 0; }));
}

TEST_F(TlsStreamTest, ConnectionsOutliveAReloadAndNewOnesSeeTheNewCertificate) {
  const auto before = connect();
  ASSERT_EQ(before->peer().server_name(), "before");
  test::make_certificate(folder_.path(), "server", {.name = "after"});

  ASSERT_TRUE(context_->reload());

  EXPECT_EQ(connect()->peer().server_name(), "after");
  before->send("still here");
  EXPECT_EQ(before->receive(10), "still here");
}

TEST_F(TlsStreamTest, AStoppedListenerCutsHandshakesAndKeepsConnections) {
  const auto client = connect();
  TlsClient halfway(port_);
  halfway.flush();
  ASSERT_NE(halfway.tcp().receive_some(), "");

  pool_.stop_listening();

  EXPECT_TRUE(halfway.tcp().closed_by_server());
  client->send("still here");
  EXPECT_EQ(client->receive(10), "still here");
}

TEST_F(TlsStreamTest, HandshakesUnderWayAreFreedWithTheShards) {
  TlsClient halfway(port_);
  halfway.flush();
  ASSERT_NE(halfway.tcp().receive_some(), "");

  pool_.stop();

  EXPECT_TRUE(halfway.tcp().closed_by_server());
}

TEST_F(TlsStreamTest, AHandshakeThatIsNotDoneInTimeEnds) {
  TcpClient silent(port_);
  TlsClient halfway(port_);
  halfway.flush();
  ASSERT_TRUE(test::eventually([this] { return pool_.at(0).counters().accepted.load() == 2; }));

  pass(context_->options().handshake_timeout - Milliseconds(1'000));
  EXPECT_EQ(failed(TlsFailure::timeout), 0U);
  pass(Milliseconds(1'000));

  EXPECT_TRUE(silent.closed_by_server());
  EXPECT_TRUE(halfway.tcp().closed_by_server());
  EXPECT_EQ(failures_.take(), TlsFailure::timeout);
  EXPECT_EQ(failures_.take(), TlsFailure::timeout);
  EXPECT_EQ(failed(TlsFailure::timeout), 2U);
}

class TwoShardTlsTest : public ::testing::Test {
 protected:
  ~TwoShardTlsTest() override {
    pool_.run_on_all([](Shard&) {});  // the connection may still be on its way to the other shard
    pool_.run_on_all([this](Shard& shard) { sides_[shard.index()].reset(); });
    pool_.stop();
  }

  // Says which shard heard, and moves to the other one.
  void take_up(Shard& shard, StreamPtr stream) {
    auto& side = sides_[shard.index()];
    side = std::make_unique<Side>(std::move(stream));
    side->react = [this, from = &shard](std::string_view bytes) {
      Side& mine = *sides_[from->index()];
      mine.stream->send(std::to_string(from->index()) + " heard " + std::string(bytes) + "\n");
      auto moving = std::make_shared<DetachedStream>(mine.stream->release());
      ASSERT_TRUE(*moving);
      Shard& target = pool_.at(1 - from->index());
      from->retire(std::move(sides_[from->index()]));
      target.post([this, moving, to = &target] { take_up(*to, Stream::adopt(*to, std::move(*moving))); });
    };
    side->stream->start_reading();
  }

  togglecast::testing::TemporaryFolder folder_;
  test::CertificateFiles files_ = test::make_certificate(folder_.path(), "server");
  std::unique_ptr<Side> sides_[2];  // one per shard
  ShardPool pool_{2};
};

TEST_F(TwoShardTlsTest, AConnectionTakesItsSessionAlongToAnotherShard) {
  const auto context = TlsContext::load({.certificate = files_.certificate, .key = files_.key}).value();
  const auto port =
      pool_.listen({.addresses = {"127.0.0.1"}, .tls = context},
                   [this](Shard& shard, StreamPtr stream) { take_up(shard, std::move(stream)); });
  pool_.start();
  TlsClient client(*port);
  ASSERT_TRUE(client.connect());

  std::string heard;
  for (int i = 0; i < 6; ++i) {
    client.send(std::to_string(i));
    heard += client.receive_until("\n").substr(0, 1);
  }

  EXPECT_TRUE(heard == "010101" || heard == "101010") << heard;
}

}  // namespace
}  // namespace togglecast::net
