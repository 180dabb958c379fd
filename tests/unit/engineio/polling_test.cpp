// A session over polling, request by request.
#include "engine_fixture.hpp"

namespace togglecast::engineio::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using wire::http::Method;

constexpr std::string_view kUnknown = R"({"code":1,"message":"Session ID unknown"})";

class PollingTest : public EngineTest {
 protected:
  PollingTest() { serve(); }
  void expect_gone() {
    EXPECT_FALSE(alive());
    const auto late = poll();
    EXPECT_EQ(late->status(), 400U);
    EXPECT_EQ(late->body(), kUnknown);
  }
};

TEST_F(PollingTest, TheHandshakeNamesTheSessionAndItsTimes) {
  const auto opened = open();

  EXPECT_EQ(opened->status(), 200U);
  EXPECT_EQ(opened->body(), "0{\"sid\":\"" + sid_ +
                                "\",\"upgrades\":[\"websocket\"],\"pingInterval\":2000,"
                                "\"pingTimeout\":1000,\"maxPayload\":1000000}");
  EXPECT_EQ(opened->header("Content-Type"), "text/plain; charset=UTF-8");
  EXPECT_EQ(opened->header("cache-control"), "no-store");
}

class OtherNodeTest : public EngineTest {
 protected:
  OtherNodeTest() {
    Options tagged = options();
    tagged.node_tag = NodeTag{'n', '1'};
    tagged.other_node_message = "made elsewhere";
    tagged.on_other_node = [this](const web::Exchange&) { ++told_; };
    tagged.on_refused = [this](const web::Exchange&, ErrorCode, std::string_view) { ++refused_; };
    serve(std::move(tagged));
  }
  int told_ = 0;
  int refused_ = 0;
};

TEST_F(OtherNodeTest, IdsBeginWithTheNodeAndServe) {
  open();
  emit("here");

  EXPECT_EQ(sid_.substr(0, 2), "n1");
  EXPECT_EQ(poll()->body(), "4here");
}

TEST_F(OtherNodeTest, EveryRequestOfItsSessionIsToldSoAndCounted) {
  open();
  sid_ = "n2" + sid_.substr(2);

  for (const auto& refused : {poll(), post("4lost"), send(Method::put, polling())}) {
    EXPECT_EQ(refused->status(), 400U);
    EXPECT_EQ(refused->body(), R"({"code":1,"message":"made elsewhere"})");
  }
  const auto upgrade = websocket();
  EXPECT_EQ(upgrade->status(), 400U);
  EXPECT_EQ(upgrade->body(), "made elsewhere");
  EXPECT_EQ(counters().other_node.value, 4U);
  EXPECT_EQ(counters().refused[static_cast<std::size_t>(ErrorCode::unknown_sid)].value, 4U);
  EXPECT_EQ(told_, 4);
  EXPECT_EQ(refused_, 0);
  EXPECT_THAT(heard_, IsEmpty());
}

TEST_F(OtherNodeTest, WhileDrainingItsSessionIsTurnedAwayLikeEachOther) {
  open();
  sid_ = "n2" + sid_.substr(2);
  server_->drain();

  EXPECT_EQ(poll()->status(), 503U);
  EXPECT_EQ(told_, 0);
}

TEST_F(OtherNodeTest, AnEndedSessionOfThisNodeIsAnUnknownOne) {
  open();
  sid_.back() = sid_.back() == 'A' ? 'B' : 'A';

  EXPECT_EQ(poll()->body(), kUnknown);
  EXPECT_EQ(counters().other_node.value, 0U);
  EXPECT_EQ(refused_, 1);
}

TEST_F(PollingTest, APollWaitsForAMessage) {
  open();

  const auto waiting = poll();
  EXPECT_FALSE(waiting->answered());
  emit("now");

  EXPECT_EQ(waiting->body(), "4now");
}

TEST_F(PollingTest, MessagesOfOneTurnGoIntoOneAnswer) {
  open();
  const auto waiting = poll();

  on_shard([this] {
    session_->send(text_message("a"));
    session_->send(binary_message("\x01\x02\x03\x04"));
    session_->send(text_message("b"));
  });

  EXPECT_EQ(waiting->body(),
            "4a\x1e"
            "bAQIDBA==\x1e"
            "4b");
}

TEST_F(PollingTest, APollTakesSixteenPacketsAndTheNextTheRest) {
  open();
  for (int i = 0; i < 20; ++i) emit("x");

  std::string sixteen = "4x", four = "4x";
  for (int i = 1; i < 16; ++i)
    sixteen +=
        "\x1e"
        "4x";
  for (int i = 1; i < 4; ++i)
    four +=
        "\x1e"
        "4x";
  EXPECT_EQ(poll()->body(), sixteen);
  EXPECT_EQ(poll()->body(), four);
}

TEST_F(PollingTest, IsWritableWhileAPollWaitsWithNothingQueued) {
  open();
  EXPECT_FALSE(session_->writable());

  const auto waiting = poll();
  EXPECT_TRUE(session_->writable());
  on_shard([this] {
    session_->send(text_message("x"));
    EXPECT_FALSE(session_->writable());
  });

  EXPECT_FALSE(session_->writable());
}

TEST_F(PollingTest, APostBringsItsPacketsInOrder) {
  open();

  const auto posted = post(
      "4one\x1e"
      "3\x1e"
      "bAQI=\x1e"
      "6\x1e"
      "4two");

  EXPECT_EQ(posted->status(), 200U);
  EXPECT_EQ(posted->body(), "ok");
  EXPECT_EQ(posted->header("Content-Type"), "text/html");
  EXPECT_THAT(heard_, ElementsAre("one", "binary:\x01\x02", "two"));
}

TEST_F(PollingTest, InvalidUtf8BecomesTheReplacementCharacter) {
  open();

  post(
      "4a\xff"
      "b");

  EXPECT_THAT(heard_, ElementsAre("a\xef\xbf\xbd"
                                  "b"));
}

TEST_F(PollingTest, APacketThatIsNoneClosesTheSessionAndHidesTheRest) {
  for (const std::string_view bad : {"x", "", "7", "\xe2\x82\xac"}) {
    heard_.clear();
    closed_.clear();
    open();
    const auto waiting = poll();

    const auto posted = post("4before\x1e" + std::string(bad) +
                             "\x1e"
                             "4after");

    EXPECT_EQ(posted->body(), "ok") << bad;
    EXPECT_THAT(heard_, ElementsAre("before")) << bad;
    EXPECT_THAT(closed_, ElementsAre("parse error")) << bad;
    EXPECT_EQ(waiting->body(), "1") << bad;
    expect_gone();
  }
}

TEST_F(PollingTest, APingOfTheClientIsATransportError) {
  open();

  post("2");

  EXPECT_THAT(closed_, ElementsAre("transport error"));
  expect_gone();
}

TEST_F(PollingTest, ASecondPollIsRefusedAndClosesTheSession) {
  open();
  const auto first = poll();

  const auto second = poll();

  EXPECT_EQ(second->status(), 400U);
  EXPECT_EQ(second->body(), "");
  EXPECT_EQ(first->status(), 200U);
  EXPECT_EQ(first->body(), "1");
  EXPECT_THAT(closed_, ElementsAre("transport error"));
  expect_gone();
}

TEST_F(PollingTest, ASecondPostIsRefusedAndClosesTheSession) {
  open();
  const auto slow = announce(Method::post, polling());

  const auto second = post("4second");

  EXPECT_EQ(second->status(), 400U);
  EXPECT_THAT(heard_, IsEmpty());
  EXPECT_THAT(closed_, ElementsAre("transport error"));
  EXPECT_EQ(deliver(slow, "4first")->body(), kUnknown);
}

TEST_F(PollingTest, APostWaitsUntilThePollsHaveTakenWhatIsQueued) {
  open();
  const std::string large(20'000, 'l');
  react_ = [&](std::string_view) { emit_now(large); };

  EXPECT_EQ(post("4first")->body(), "ok");
  const auto second = post(
      "4second\x1e"
      "4third");
  EXPECT_FALSE(second->answered());
  EXPECT_THAT(heard_, ElementsAre("first"));

  EXPECT_EQ(poll()->body(), "4" + large);
  EXPECT_FALSE(second->answered());
  EXPECT_THAT(heard_, ElementsAre("first", "second"));
  EXPECT_EQ(poll()->body(), "4" + large);
  EXPECT_EQ(second->body(), "ok");
  EXPECT_THAT(heard_, ElementsAre("first", "second", "third"));
  EXPECT_THAT(closed_, IsEmpty());
}

TEST_F(PollingTest, APollThatWaitsTakesTheAnswersOfALongPost) {
  open();
  const std::string large(20'000, 'l');
  react_ = [&](std::string_view) { emit_now(large); };
  const auto waiting = poll();

  const auto posted = post(
      "4first\x1e"
      "4second");

  EXPECT_EQ(waiting->body(), "4" + large);
  EXPECT_EQ(posted->body(), "ok");
  EXPECT_THAT(heard_, ElementsAre("first", "second"));
}

TEST_F(PollingTest, ASecondPostBesideOneThatWaitsClosesTheSession) {
  open();
  emit(std::string(20'000, 'l'));
  const auto waits = post("4waits");
  ASSERT_FALSE(waits->answered());

  EXPECT_EQ(post("4second")->status(), 400U);

  EXPECT_EQ(waits->status(), 400U);
  EXPECT_THAT(heard_, IsEmpty());
  EXPECT_THAT(closed_, ElementsAre("transport error"));
  expect_gone();
}

TEST_F(PollingTest, APostThatWaitsEndsWithItsConnectionOrItsSession) {
  open();
  emit(std::string(20'000, 'l'));
  const auto dropped = post("4dropped");
  on_shard([&] { dropped->drop(); });
  EXPECT_THAT(closed_, ElementsAre("transport error"));

  session_ = nullptr;
  open();
  emit(std::string(20'000, 'l'));
  const auto waits = post("4waits");
  on_shard([this] { session_->close(); });

  EXPECT_EQ(waits->body(), "ok");
  EXPECT_THAT(heard_, IsEmpty());
}

TEST_F(PollingTest, APollWhoseConnectionEndsClosesTheSession) {
  open();
  const auto waiting = poll();

  on_shard([&] { waiting->drop(); });

  EXPECT_THAT(closed_, ElementsAre("transport error"));
  expect_gone();
}

TEST_F(PollingTest, APostWhoseConnectionEndsClosesTheSession) {
  open();
  announce(Method::post, polling());

  on_shard([this] { aborted_(0); });

  EXPECT_THAT(closed_, ElementsAre("transport error"));
  expect_gone();
}

TEST_F(PollingTest, APostThatIsTooLargeIsCountedAndHarmsNothing) {
  open();
  announce(Method::post, polling());

  on_shard([this] { aborted_(413); });

  EXPECT_EQ(counters().limits_passed[static_cast<std::size_t>(Limit::max_payload)].value.load(), 1U);
  EXPECT_EQ(post("4next")->body(), "ok");
  EXPECT_THAT(heard_, ElementsAre("next"));
  EXPECT_THAT(closed_, IsEmpty());
}

TEST_F(PollingTest, ABodyOfOctetsIsRefusedAndClosesTheSession) {
  open();
  const auto exchange = announce(Method::post, polling());
  const_cast<wire::http::Request&>(exchange->request())
      .headers.add("Content-Type", "application/octet-stream");

  deliver(exchange, "4x");

  EXPECT_EQ(exchange->status(), 400U);
  EXPECT_EQ(exchange->body(), "");
  EXPECT_THAT(heard_, IsEmpty());
  expect_gone();
}

TEST_F(PollingTest, OtherMethodsLeaveTheSessionAlone) {
  open();

  const auto put = send(Method::put, polling());

  EXPECT_EQ(put->status(), 405U);
  EXPECT_EQ(put->header("Allow"), "GET, POST");
  EXPECT_EQ(post("4x")->body(), "ok");
}

TEST_F(PollingTest, ABodyOfTooManyPacketsClosesTheSession) {
  Options few = options();
  few.packets_per_payload = 2;
  router_ = web::Router();
  serve(std::move(few));
  open();

  const auto posted = post(
      "4a\x1e"
      "4b\x1e"
      "4c");

  EXPECT_EQ(posted->status(), 400U);
  EXPECT_THAT(posted->body(), HasSubstr("too many packets"));
  EXPECT_THAT(heard_, ElementsAre("a", "b"));
  EXPECT_THAT(closed_, ElementsAre("parse error"));
}

TEST_F(PollingTest, OnePacketMayBeLargerThanTheBacklogAndPollsMakeRoom) {
  Options small = options();
  small.polling_backlog = 1'000;
  router_ = web::Router();
  serve(std::move(small));
  open();
  for (int round = 0; round < 5; ++round) {
    on_shard([this] { session_->send(text_message("small")); });
    on_shard([this] { session_->send(text_message(std::string(50'000, 'x'))); });
    on_shard([this] { session_->send(text_message(std::string(600, 'x'))); });

    EXPECT_GT(poll()->body().size(), 50'000U);
  }

  EXPECT_TRUE(closed_.empty());
}

TEST_F(PollingTest, AClientThatHasNotPolledForLongMayHaveLessWaiting) {
  Options small = options();
  small.unpolled_backlog = 1'000;
  small.ping_interval = std::chrono::minutes{10};
  router_ = web::Router();
  serve(std::move(small));
  open();
  const auto send = [this] { on_shard([this] { session_->send(text_message(std::string(600, 'x'))); }); };
  for (int i = 0; i < 5; ++i) send();
  EXPECT_TRUE(closed_.empty());

  pass(small.poll_overdue);
  send();

  EXPECT_THAT(closed_, ElementsAre("transport error"));
}

TEST_F(PollingTest, ABacklogThatNobodyPollsEndsTheSession) {
  Options small = options();
  small.polling_backlog = 1'000;
  router_ = web::Router();
  serve(std::move(small));
  open();

  for (int i = 0; i < 3; ++i) {
    on_shard([this] {
      session_->send(text_message(std::string(600, 'x')));
      EXPECT_TRUE(session_->open()) << "a loop over sessions may be under way";
    });
  }

  EXPECT_THAT(closed_, ElementsAre("transport error"));
  EXPECT_EQ(counters().limits_passed[static_cast<std::size_t>(Limit::polling_backlog)].value.load(), 1U);
  expect_gone();
}

}  // namespace
}  // namespace togglecast::engineio::testing
