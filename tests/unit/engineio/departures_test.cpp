// A stop sends sessions away: spread over a window, each told in a way that makes its client come back.
#include "engineio/departures.hpp"

#include <charconv>
#include <set>

#include "engine_fixture.hpp"

namespace togglecast::engineio::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using wire::http::Method;
using wire::websocket::CloseCode;

const std::string kGoingDown = "the server is shutting down; come back";

class DeparturesTest : public EngineTest {
 protected:
  DeparturesTest() { serve(); }
  void send_away(Milliseconds window = Milliseconds{0}) {
    server_->send_away(window, CloseCode::service_restart);
    run();
  }
  static unsigned seconds_of(const FakeExchange& answer) {
    const std::string text = answer.header("Retry-After");
    unsigned value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
  }
  static void expect_turned_away(const FakeExchange& answer) {
    EXPECT_EQ(answer.status(), 503U);
    EXPECT_THAT(answer.body(), ::testing::HasSubstr(kGoingDown));
    EXPECT_GE(seconds_of(answer), 1U);
    EXPECT_LE(seconds_of(answer), 5U);
  }
};

TEST_F(DeparturesTest, AWebSocketGetsWhatIsQueuedAndThenTheCode) {
  const auto socket = websocket();
  (void)socket->receive();
  emit("last");

  send_away();

  EXPECT_EQ(
      socket->receive(),
      frames({"4last"}) + std::string(wire::websocket::encode_close(CloseCode::service_restart, {}).view()));
  EXPECT_TRUE(socket->ended());
  EXPECT_THAT(closed_, ElementsAre("forced close"));
  EXPECT_EQ(counters().sent_away[1].value.load(), 1U);
}

TEST_F(DeparturesTest, AWaitingPollIsAnsweredAtOnce) {
  open();
  const auto waiting = poll();

  send_away();

  expect_turned_away(*waiting);
  EXPECT_FALSE(alive());
  EXPECT_EQ(counters().sent_away[0].value.load(), 1U);
}

TEST_F(DeparturesTest, APollFetchesWhatIsQueuedBeforeTheNextIsTurnedAway) {
  open();
  emit("the answer to an earlier event");
  send_away();

  const auto last = poll();
  const auto next = poll();

  EXPECT_EQ(last->body(), "4the answer to an earlier event");
  expect_turned_away(*next);
  expect_turned_away(*poll());
  EXPECT_THAT(closed_, ElementsAre("forced close"));
}

TEST_F(DeparturesTest, APostThatIsNotReadIsNotAcknowledged) {
  open();
  send_away();

  const auto posted = post("4lost");

  expect_turned_away(*posted);
  EXPECT_THAT(heard_, IsEmpty());
}

TEST_F(DeparturesTest, APostThatWasReadIsAcknowledged) {
  open();
  react_ = [this](std::string_view) { server_->send_away(Milliseconds{0}, CloseCode::service_restart); };

  const auto posted = post("4done");
  run();

  EXPECT_EQ(posted->body(), "ok");
  EXPECT_THAT(heard_, ElementsAre("done"));
}

TEST_F(DeparturesTest, NewSessionsAreRefusedFromTheBeginningOfTheWindow) {
  send_away(Milliseconds{10'000});

  expect_turned_away(*open());
  expect_turned_away(*send(Method::get, "transport=websocket", {}, true));
}

TEST_F(DeparturesTest, SessionsLeaveOneAfterTheOtherWithinTheWindow) {
  constexpr int kSessions = 100;
  for (int i = 0; i < kSessions; ++i) {
    sid_.clear();
    open();
  }
  const auto left = [this] {
    return counters().closed[static_cast<std::size_t>(CloseReason::forced_close)].value.load();
  };

  send_away(Milliseconds{1'000});
  EXPECT_LT(left(), 20U);
  pass(Milliseconds{500});
  EXPECT_GT(left(), 20U);
  EXPECT_LT(left(), 80U);
  pass(Milliseconds{510});

  EXPECT_EQ(left(), std::uint64_t{kSessions});
}

TEST_F(DeparturesTest, ASessionThatOwesAnAnswerLeavesAfterIt) {
  open();
  owes_ = true;
  send_away();
  EXPECT_TRUE(alive());

  emit("the answer");
  owes_ = false;
  pass(Departures::kLookAgain + Milliseconds{10});

  EXPECT_EQ(poll()->body(), "4the answer");
  expect_turned_away(*poll());
}

TEST_F(DeparturesTest, ASessionThatOwesAnAnswerForTooLongLeavesWithoutIt) {
  const auto socket = websocket();
  owes_ = true;
  send_away();
  for (int i = 0; i < 180; ++i) pass(Milliseconds{10});
  EXPECT_TRUE(alive());

  for (int i = 0; i < 40; ++i) pass(Milliseconds{10});

  EXPECT_FALSE(alive());
}

TEST_F(DeparturesTest, ASessionThatEndsByItselfIsNotSentAway) {
  open();
  send_away(Milliseconds{1'000});
  post("1");
  run();

  pass(Milliseconds{1'010});

  EXPECT_THAT(closed_, ElementsAre("transport close"));
  EXPECT_EQ(counters().sent_away[0].value.load(), 0U);
}

TEST_F(EngineTest, SessionsHavePingIntervalsOfTheirOwn) {
  Options usual = options();
  usual.ping_interval = Milliseconds{25'000};
  usual.ping_timeout = Milliseconds{20'000};
  serve(std::move(usual));
  std::set<std::int64_t> intervals;  // in steps of 100 ms

  for (int i = 0; i < 20; ++i) {
    sid_.clear();
    open();
    auto waiting = poll();
    while (!waiting->answered()) pass(Milliseconds{50});
    post("3");
    waiting = poll();
    std::int64_t passed = 0;
    for (; !waiting->answered(); ++passed) pass(Milliseconds{100});
    intervals.insert(passed);
    on_shard([this] { session_->close(); });
  }

  EXPECT_GE(*intervals.begin(), 224);
  EXPECT_LE(*intervals.rbegin(), 251);
  EXPECT_GT(intervals.size(), 3U);
}

}  // namespace
}  // namespace togglecast::engineio::testing
