// From polling to WebSocket, step by step.
#include "engine_fixture.hpp"

namespace togglecast::engineio::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Milliseconds kRelease{100};  // a waiting poll is let go this often while a WebSocket is probing

class UpgradeTest : public EngineTest {
 protected:
  UpgradeTest() {
    Options patient = options();
    patient.ping_interval = Milliseconds(1'000'000);
    serve(std::move(patient));
    open();
  }
  FakeExchangePtr probed() {
    auto socket = websocket();
    send_text(*socket, "2probe");
    EXPECT_EQ(socket->receive(), frames({"3probe"}));
    return socket;
  }
  void expect_polling() {
    emit("still here");
    EXPECT_EQ(poll()->body(), "4still here");
    EXPECT_EQ(post("4me too")->body(), "ok");
    EXPECT_THAT(heard_, ElementsAre("me too"));
    EXPECT_THAT(closed_, IsEmpty());
    EXPECT_EQ(upgrades_, 0);
  }
};

TEST_F(UpgradeTest, MovesTheSessionToTheWebSocket) {
  const auto socket = probed();

  send_text(*socket, "5");
  EXPECT_EQ(session_->transport(), TransportKind::websocket);
  send_text(*socket, "4in");
  emit("out");

  EXPECT_EQ(upgrades_, 1);
  EXPECT_THAT(heard_, ElementsAre("in"));
  EXPECT_EQ(socket->receive(), frames({"4out"}));
  for (const auto& late : {poll(), post("4late")}) {
    EXPECT_EQ(late->status(), 400U);
    EXPECT_EQ(late->body(), R"({"code":3,"message":"Bad request"})");
  }
  EXPECT_THAT(heard_, ElementsAre("in"));
  EXPECT_THAT(closed_, IsEmpty());
}

TEST_F(UpgradeTest, AWaitingPollIsLetGoWhileTheWebSocketProbes) {
  const auto before = poll();
  const auto socket = probed();
  EXPECT_FALSE(before->answered());

  pass(kRelease + Milliseconds(5));
  EXPECT_EQ(before->body(), "6");
  const auto again = poll();
  EXPECT_FALSE(again->answered());
  pass(kRelease + Milliseconds(5));

  EXPECT_EQ(again->body(), "6");
}

TEST_F(UpgradeTest, MessagesUsePollingUntilTheSwitch) {
  const auto socket = probed();

  emit("by poll");
  EXPECT_EQ(poll()->body(), "4by poll");
  post("4by post");

  EXPECT_THAT(heard_, ElementsAre("by post"));
  EXPECT_EQ(socket->receive(), "");
}

TEST_F(UpgradeTest, WhatIsQueuedAtTheSwitchMovesInOrder) {
  const auto socket = probed();
  for (int i = 0; i < 20; ++i) emit(std::to_string(i));

  on_shard([&] {
    socket->send(test::client_text("5"));
    session_->send(text_message("behind"));
  });

  std::string expected;
  for (int i = 0; i < 20; ++i) expected += frames({"4" + std::to_string(i)});
  EXPECT_EQ(socket->receive(), expected + frames({"4behind"}));
}

// Its client polls no more, and waits for the answer.
TEST_F(UpgradeTest, APostThatWaitsIsReadWhenAWebSocketComes) {
  const std::string large(20'000, 'l');
  emit(large);
  const auto waits = post("4posted");
  ASSERT_FALSE(waits->answered());

  const auto socket = probed();

  EXPECT_EQ(waits->body(), "ok");
  EXPECT_EQ(post("4posted too")->body(), "ok");
  send_text(*socket, "5");
  EXPECT_EQ(socket->receive(), frames({"4" + large}));
  EXPECT_THAT(heard_, ElementsAre("posted", "posted too"));
  EXPECT_THAT(closed_, IsEmpty());
}

TEST_F(UpgradeTest, APollThatWaitsAtTheSwitchIsAnsweredWithANoop) {
  const auto socket = probed();
  const auto waiting = poll();

  send_text(*socket, "5");

  EXPECT_EQ(waiting->body(), "6");
  EXPECT_THAT(closed_, IsEmpty());
}

TEST_F(UpgradeTest, AFirstPacketOtherThanTheProbeClosesTheWebSocketOnly) {
  for (const std::string_view packet : {"5", "2", "3probe", "1", "4x", ""}) {
    const auto socket = websocket();

    send_text(*socket, packet);

    EXPECT_EQ(socket->receive(), close_frame()) << packet;
    EXPECT_TRUE(socket->ended()) << packet;
  }
  const auto binary = websocket();
  binary->send(test::client_frame({.opcode = 2, .payload = "2probe"}));
  run();
  EXPECT_EQ(binary->receive(), close_frame());
  expect_polling();
}

TEST_F(UpgradeTest, ASecondPacketOtherThanTheUpgradeClosesTheWebSocketOnly) {
  for (const std::string_view packet : {"2probe", "4x", "6", ""}) {
    const auto socket = probed();

    send_text(*socket, packet);

    EXPECT_EQ(socket->receive(), close_frame()) << packet;
  }
  expect_polling();
}

TEST_F(UpgradeTest, AConnectionThatEndsWhileProbingLeavesTheSessionPolling) {
  const auto before = websocket();
  before->close_client();
  run();
  const auto after = probed();
  after->close_client();
  run();

  expect_polling();
}

TEST_F(UpgradeTest, TimesOutBeforeTheProbeAndAfterIt) {
  const Milliseconds limit = server_->options().upgrade_timeout;
  for (const bool with_probe : {false, true}) {
    const auto socket = with_probe ? probed() : websocket();
    pass(limit - Milliseconds(10));
    EXPECT_EQ(socket->receive(), "");
    pass(Milliseconds(20));

    EXPECT_EQ(socket->receive(), close_frame());
    EXPECT_TRUE(socket->ended());
  }
  expect_polling();
}

TEST_F(UpgradeTest, ASecondWebSocketIsClosedAndHarmsNeither) {
  const auto first = probed();

  const auto second = websocket();
  EXPECT_EQ(second->receive(), close_frame());
  send_text(*first, "5");
  const auto third = websocket();
  EXPECT_EQ(third->receive(), close_frame());
  send_text(*first, "4still here");

  EXPECT_THAT(heard_, ElementsAre("still here"));
  EXPECT_THAT(closed_, IsEmpty());
}

TEST_F(UpgradeTest, ASessionThatEndsTakesItsProbeAlong) {
  const auto socket = probed();

  const auto posted = post("1");

  EXPECT_EQ(posted->body(), "ok") << "a client that upgrades has no poll under way";
  EXPECT_EQ(socket->receive(), close_frame());
  EXPECT_THAT(closed_, ElementsAre("transport close"));
  EXPECT_FALSE(alive());
}

TEST_F(UpgradeTest, AServersCloseTakesTheProbeAlongAndWaitsForThePoll) {
  const auto socket = probed();

  on_shard([this] { session_->close(); });

  EXPECT_EQ(socket->receive(), close_frame());
  EXPECT_EQ(poll()->body(), "1");
  EXPECT_FALSE(alive());
}

TEST_F(UpgradeTest, AServerWithoutUpgradesClosesTheWebSocketOnly) {
  Options none = options();
  none.upgrades = false;
  router_ = web::Router();
  sid_.clear();
  serve(std::move(none));
  EXPECT_THAT(open()->body(), ::testing::HasSubstr("\"upgrades\":[]"));

  EXPECT_EQ(websocket()->receive(), close_frame());

  expect_polling();
}

TEST_F(UpgradeTest, TheHeartbeatGoesOnAcrossTheSwitch) {
  router_ = web::Router();
  sid_.clear();
  serve();
  open();
  pass(kInterval - Milliseconds(500));
  const auto socket = probed();
  send_text(*socket, "5");

  pass(Milliseconds(505));
  EXPECT_EQ(socket->receive(), frames({"2"}));
  pass(kTimeout + Milliseconds(5));

  EXPECT_EQ(socket->receive(), close_frame());
  EXPECT_THAT(closed_, ElementsAre("ping timeout"));
}

}  // namespace
}  // namespace togglecast::engineio::testing
