// Streams with TLS over loopback, from the listener on.
#include "tls_stream_fixture.hpp"

namespace togglecast::net::testing {
namespace {

using test::eventually;
using test::TcpClient;
using test::TlsClient;

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
  limits_.unread_bytes = limits_.backlog_bytes;
  const auto client = connect(8'192);
  std::string sent;
  for (int i = 0; i < 200; ++i) sent += std::string(20'000, static_cast<char>('a' + i % 26));

  ASSERT_TRUE(client->send(sent));  // nothing is read meanwhile: the echo waits at the server

  EXPECT_TRUE(client->receive(sent.size()) == sent);
}

// Blocked in the middle of a record, a stream still answers what the TLS of its peer asks.
TEST_F(TlsStreamTest, NewKeysMayBeAskedOfABlockedStream) {
  limits_.unread_bytes = limits_.backlog_bytes;
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

TEST_F(TlsStreamTest, ABacklogHasItsLimitButTheLargestBlockMayBeLarger) {
  limits_.backlog_bytes = 100'000;
  const auto client = connect(8'192);

  run([this] {
    sides_[0]->stream->send(std::string(8'000'000, 'x'));
    sides_[0]->stream->flush();
  });
  run([this] { sides_[0]->stream->send(std::string(60'000, 'y')); });
  EXPECT_FALSE(ask<bool>([this] { return sides_[0]->stream->closed(); }));
  // The kernel may take a little more of what waits, which makes room.
  for (int i = 0; i < 100 && sides_[0]->ends.size() == 0; ++i)
    run([this] { sides_[0]->stream->send(std::string(60'000, 'z')); });

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

}  // namespace
}  // namespace togglecast::net::testing
