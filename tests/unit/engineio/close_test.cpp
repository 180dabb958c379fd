// How sessions end: the heartbeat, the server's close and the client's close.
#include "engine_fixture.hpp"

namespace togglecast::engineio::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using wire::http::Method;

constexpr std::string_view kUnknownSession = R"({"code":1,"message":"Session ID unknown"})";

class CloseTest : public EngineTest {
 protected:
  CloseTest() { serve(); }
  void close() {
    on_shard([this] { session_->close(); });
  }
};

TEST_F(CloseTest, APingIsDueAfterTheIntervalAndAPongKeepsTheSession) {
  open();
  for (int round = 0; round < 3; ++round) {
    const auto waiting = poll();
    pass(kInterval - Milliseconds(10));
    EXPECT_FALSE(waiting->answered());
    pass(Milliseconds(15));
    EXPECT_EQ(waiting->body(), "2");
    EXPECT_EQ(post("3")->body(), "ok");
  }

  EXPECT_THAT(closed_, IsEmpty());
}

TEST_F(CloseTest, WithoutAPongTheWaitingPollIsToldAndTheSessionEnds) {
  open();
  pass(kInterval + Milliseconds(5));
  EXPECT_EQ(poll()->body(), "2");
  const auto waiting = poll();

  pass(kTimeout - Milliseconds(10));
  EXPECT_FALSE(waiting->answered());
  pass(Milliseconds(20));

  EXPECT_EQ(waiting->body(), "1");
  EXPECT_THAT(closed_, ElementsAre("ping timeout"));
  EXPECT_EQ(poll()->body(), kUnknownSession);
}

TEST_F(CloseTest, APongWithoutThePollThatBroughtThePingCountsForNothing) {
  open();
  emit("waits before the ping");
  pass(kInterval + Milliseconds(5));

  EXPECT_EQ(post("3")->body(), "ok");
  pass(kTimeout + Milliseconds(5));

  EXPECT_THAT(closed_, ElementsAre("ping timeout"));
}

TEST_F(CloseTest, MessagesAreNoPongs) {
  open();
  pass(kInterval + Milliseconds(5));

  for (Milliseconds passed{0}; passed <= kTimeout; passed += Milliseconds(100)) {
    post("4noise");
    pass(Milliseconds(100));
  }

  EXPECT_THAT(closed_, ElementsAre("ping timeout"));
}

// Timers fire at the end of a turn. A request must not find a session whose time is over.
TEST_F(CloseTest, AnOverdueSessionIsUnknownBeforeItsTimerFires) {
  open();
  pass(kInterval + Milliseconds(5));

  clock_.advance(kTimeout + Milliseconds(5));

  EXPECT_EQ(poll()->body(), kUnknownSession);
  EXPECT_THAT(closed_, ElementsAre("ping timeout"));
}

TEST_F(CloseTest, TheServersCloseAnswersTheWaitingPoll) {
  open();
  const auto waiting = poll();

  close();

  EXPECT_EQ(waiting->body(), "1");
  EXPECT_THAT(closed_, ElementsAre("forced close"));
  EXPECT_EQ(poll()->body(), kUnknownSession);
}

TEST_F(CloseTest, TheServersCloseComesAloneAfterEverythingQueued) {
  open();
  emit("last");

  close();
  emit("too late");

  EXPECT_THAT(closed_, ElementsAre("forced close"));
  EXPECT_EQ(poll()->body(), "4last");
  EXPECT_EQ(poll()->body(), "1");
  EXPECT_EQ(poll()->body(), kUnknownSession);
  EXPECT_EQ(closed_.size(), 1U) << "the application is told once";
}

TEST_F(CloseTest, AClosingSessionHearsNothingMore) {
  open();
  close();

  EXPECT_EQ(post("4x")->body(), "ok") << "the client cannot know yet";

  EXPECT_THAT(heard_, IsEmpty());
}

TEST_F(CloseTest, AClosingSessionThatNobodyPollsIsForgottenAfterItsGrace) {
  open();
  close();

  pass(server_->options().close_grace - Milliseconds(10));
  EXPECT_TRUE(alive());
  pass(Milliseconds(20));

  EXPECT_FALSE(alive());
  EXPECT_EQ(poll()->body(), kUnknownSession);
  EXPECT_THAT(closed_, ElementsAre("forced close"));
}

TEST_F(CloseTest, TheClientsCloseAnswersTheWaitingPollWithANoop) {
  open();
  const auto waiting = poll();

  const auto posted = post("1");

  EXPECT_EQ(waiting->body(), "6");
  EXPECT_EQ(posted->body(), "ok");
  EXPECT_THAT(closed_, ElementsAre("transport close"));
  EXPECT_EQ(poll()->body(), kUnknownSession);
}

// The two requests travel on two connections: the poll that was sent first may arrive last.
TEST_F(CloseTest, APollThatCrossesTheClientsCloseIsAnsweredWithANoop) {
  open();
  const auto posted = post(
      "4bye\x1e"
      "1\x1e"
      "4never");
  EXPECT_THAT(heard_, ElementsAre("bye"));
  EXPECT_THAT(closed_, ElementsAre("transport close")) << "the application is told at once";
  EXPECT_FALSE(posted->answered());

  const auto crossing = poll();

  EXPECT_EQ(crossing->status(), 200U);
  EXPECT_EQ(crossing->body(), "6");
  EXPECT_EQ(posted->body(), "ok");
  EXPECT_EQ(poll()->body(), kUnknownSession);
  EXPECT_EQ(closed_.size(), 1U);
  EXPECT_FALSE(alive());
}

TEST_F(CloseTest, WithoutACrossingPollTheClientsCloseIsAnsweredAfterAMoment) {
  open();
  const auto posted = post("1");

  pass(server_->options().crossing_poll - Milliseconds(10));
  EXPECT_FALSE(posted->answered());
  pass(Milliseconds(20));

  EXPECT_EQ(posted->body(), "ok");
  EXPECT_FALSE(alive());
  EXPECT_EQ(poll()->body(), kUnknownSession);
}

TEST_F(CloseTest, ASessionThatItsClientHasClosedTakesNothingButThePoll) {
  open();
  const auto posted = post("1");

  EXPECT_EQ(post("4x")->body(), kUnknownSession);
  EXPECT_EQ(post("1")->body(), kUnknownSession);
  EXPECT_EQ(websocket()->body(), "Session ID unknown");
  EXPECT_EQ(send(Method::put, polling())->body(), kUnknownSession);
  emit("nobody hears this");

  EXPECT_FALSE(posted->answered());
  EXPECT_EQ(poll()->body(), "6");
  EXPECT_EQ(posted->body(), "ok");
  EXPECT_THAT(heard_, IsEmpty());
}

TEST_F(CloseTest, ThePingOfASessionThatItsClientHasClosedIsNeverSent) {
  Options quick = options();
  quick.crossing_poll = 10 * kInterval;
  router_ = web::Router();
  serve(std::move(quick));
  open();
  post("1");

  pass(kInterval + kTimeout + Milliseconds(10));

  EXPECT_EQ(poll()->body(), "6");
  EXPECT_THAT(closed_, ElementsAre("transport close"));
}

TEST_F(CloseTest, AWebSocketIsClosedByEitherSidesPacket) {
  const auto socket = websocket();
  EXPECT_EQ(socket->receive(), frames({"0{\"sid\":\"" + std::string(session_->id()) +
                                       "\",\"upgrades\":[],\"pingInterval\":2000,"
                                       "\"pingTimeout\":1000,\"maxPayload\":1000000}"}));

  send_text(*socket, "1");

  EXPECT_EQ(socket->receive(), close_frame());
  EXPECT_TRUE(socket->ended());
  EXPECT_THAT(closed_, ElementsAre("transport close"));
}

TEST_F(CloseTest, AWebSocketSendsWhatIsQueuedBeforeItsCloseFrame) {
  const auto socket = websocket();
  (void)socket->receive();

  on_shard([this] {
    session_->send(text_message("last"));
    session_->close();
    session_->send(text_message("too late"));
  });

  EXPECT_EQ(socket->receive(), frames({"4last"}) + close_frame());
  EXPECT_THAT(closed_, ElementsAre("forced close"));
}

TEST_F(CloseTest, AWebSocketWithoutAPongIsClosed) {
  const auto socket = websocket();
  (void)socket->receive();

  pass(kInterval + Milliseconds(5));
  EXPECT_EQ(socket->receive(), frames({"2"}));
  send_text(*socket, "3");
  pass(kInterval + Milliseconds(5));
  EXPECT_EQ(socket->receive(), frames({"2"}));
  pass(kTimeout + Milliseconds(5));

  EXPECT_EQ(socket->receive(), close_frame());
  EXPECT_THAT(closed_, ElementsAre("ping timeout"));
  EXPECT_FALSE(alive());
}

// What it has said meanwhile, its pong included, is read when it has taken the rest.
TEST_F(CloseTest, AWebSocketThatIsStillTakingWhatWasSentIsNotDead) {
  const auto socket = websocket();
  (void)socket->receive();
  pass(kInterval + Milliseconds(5));
  EXPECT_EQ(socket->receive(), frames({"2"}));
  const std::string large(1'000'000, 'l');
  emit(large);
  send_text(*socket, "3");
  send_text(*socket, "4hello");
  EXPECT_THAT(heard_, IsEmpty());

  pass(kTimeout - Milliseconds(5));
  std::size_t received = socket->receive().size();
  run();
  pass(Milliseconds(10));
  EXPECT_THAT(closed_, IsEmpty());
  while (received < large.size()) {
    const std::size_t some = socket->receive().size();
    ASSERT_GT(some, 0U);
    received += some;
    run();
  }

  EXPECT_THAT(heard_, ElementsAre("hello"));
  pass(kTimeout + Milliseconds(5));
  EXPECT_TRUE(alive());
}

TEST_F(CloseTest, AWebSocketThatTakesNothingIsDead) {
  const auto socket = websocket();
  (void)socket->receive();
  emit(std::string(1'000'000, 'l'));

  pass(kInterval + Milliseconds(5));
  pass(kTimeout + Milliseconds(5));

  EXPECT_THAT(closed_, ElementsAre("ping timeout"));
  EXPECT_FALSE(alive());
}

TEST_F(CloseTest, AWebSocketWhoseConnectionEndsClosesTheSession) {
  const auto socket = websocket();

  socket->close_client();
  run();

  EXPECT_THAT(closed_, ElementsAre("transport close"));
  EXPECT_FALSE(alive());
}

}  // namespace
}  // namespace togglecast::engineio::testing
