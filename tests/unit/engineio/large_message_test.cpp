// Messages that take a client longer than a heartbeat.
#include "engine_fixture.hpp"

namespace togglecast::engineio::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class LargeMessages : public EngineTest {
 protected:
  LargeMessages() { serve(); }
  void send_large() {
    on_shard([this] { session_->send(text_message(std::string(8'000'000, 'x'))); });
    ASSERT_GT(session_->backlog_bytes(), 4'000'000U);
  }
};

TEST_F(LargeMessages, AClientThatStillTakesOneNeedNotAnswerThePing) {
  const auto socket = websocket();
  send_large();
  Milliseconds passed{0};
  while (session_->backlog_bytes() > 1'000'000) {
    ASSERT_FALSE(socket->receive().empty());
    pass(kTimeout / 2);
    passed += kTimeout / 2;
    ASSERT_THAT(closed_, IsEmpty()) << "after " << passed.count() << " ms";
  }

  EXPECT_GT(passed, kInterval + 2 * kTimeout);
}

TEST_F(LargeMessages, AClientThatHasStoppedTakingItIsEndedByThePing) {
  const auto socket = websocket();
  send_large();

  for (int i = 0; i < 20; ++i) pass(kTimeout / 2);

  EXPECT_THAT(closed_, ElementsAre("ping timeout"));
}

TEST_F(LargeMessages, ASessionTellsForHowLongItsClientHasTakenNothing) {
  const auto socket = websocket();
  EXPECT_EQ(session_->stalled(), Milliseconds{0});
  send_large();
  pass(Milliseconds{300});
  EXPECT_GE(session_->stalled(), Milliseconds{300});

  ASSERT_FALSE(socket->receive().empty());
  run();

  EXPECT_LT(session_->stalled(), Milliseconds{300});
}

TEST_F(LargeMessages, AClientThatTakesNothingCanBeClosedWithoutWhatWaits) {
  const auto socket = websocket();
  for (int i = 0; i < 40; ++i) emit(std::string(100'000, 'x'));
  ASSERT_GT(session_->backlog_bytes(), 2'000'000U);

  on_shard([this] { session_->close_without_backlog(wire::websocket::CloseCode::try_again_later); });

  EXPECT_LT(shard().output_queues().bytes(), 200'000) << "its memory is free";
  std::string all;
  for (std::string part = socket->receive(); !part.empty(); part = socket->receive()) {
    all += part;
    run();
  }
  const std::string end(
      wire::websocket::encode_close(wire::websocket::CloseCode::try_again_later, {}).view());
  EXPECT_EQ(all.substr(all.size() - end.size()), end);
  EXPECT_LT(all.size(), 2'000'000U);
  EXPECT_THAT(closed_, ElementsAre("forced close"));
}

}  // namespace
}  // namespace togglecast::engineio::testing
