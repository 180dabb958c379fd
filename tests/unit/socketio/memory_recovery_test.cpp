#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "socketio/recovery.hpp"

namespace togglecast::socketio {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class MemoryRecoveryTest : public ::testing::Test {
 protected:
  std::string record(const std::string& name, std::vector<std::string> rooms = {},
                     std::vector<std::string> except = {}) {
    BroadcastOptions options;
    options.rooms = std::move(rooms);
    options.except = std::move(except);
    return store_->record(with_name(name, {}), options, now_);
  }
  void save(const std::string& pid, std::vector<std::string> rooms = {}) {
    rooms.push_back("sid-" + pid);
    store_->save({"sid-" + pid, pid, std::move(rooms), json::object{{"of", pid}}}, now_);
  }
  bool can_take(const std::string& pid, const std::string& offset) {
    return store_->take(pid, offset, now_).has_value();
  }
  /// Names of the events missed; `(not recovered)` when the session is not.
  std::vector<std::string> take(const std::string& pid, const std::string& offset) {
    const auto recovered = store_->take(pid, offset, now_);
    if (!recovered) return {"(not recovered)"};
    std::vector<std::string> names;
    for (const auto& event : recovered->missed) names.emplace_back(event.values.front().get_string());
    return names;
  }

  TimePoint now_ = TimePoint{} + seconds(1'000);
  MemoryRecoveryOptions options_{
      .max_disconnection = seconds(120), .max_events = 1'000, .max_sessions = 1'000};
  std::unique_ptr<Recovery> store_ = memory_recovery(options_);
};

TEST_F(MemoryRecoveryTest, GivesBackWhoItWasAndWhatItMissed) {
  const auto offset = record("seen");
  save("ada", {"lobby"});
  record("missed");

  const auto recovered = store_->take("ada", offset, now_);

  ASSERT_TRUE(recovered);
  EXPECT_EQ(recovered->session.sid, "sid-ada");
  EXPECT_THAT(recovered->session.rooms, ElementsAre("lobby", "sid-ada"));
  EXPECT_EQ(recovered->session.data, (json::object{{"of", "ada"}}));
  ASSERT_EQ(recovered->missed.size(), 1U);
  EXPECT_EQ(recovered->missed[0].values.size(), 2U);  // the name, and the offset as its last argument
}

TEST_F(MemoryRecoveryTest, OffsetsOfMissedEventsContinueTheLine) {
  const auto offset = record("seen");
  save("ada");
  const auto second = record("a"), third = record("b");

  const auto recovered = store_->take("ada", offset, now_);

  ASSERT_EQ(recovered->missed.size(), 2U);
  EXPECT_EQ(recovered->missed[0].values.back(), json::value(second));
  EXPECT_EQ(recovered->missed[1].values.back(), json::value(third));
}

TEST_F(MemoryRecoveryTest, OnlyWhatWasAddressedToItsRooms) {
  const auto offset = record("seen");
  save("ada", {"lobby", "team"});
  record("all");
  record("lobby", {"lobby"});
  record("other", {"elsewhere"});
  record("either", {"elsewhere", "team"});
  record("own", {"sid-ada"});
  record("not the team", {"lobby"}, {"team"});
  record("all but her", {}, {"sid-ada"});

  EXPECT_THAT(take("ada", offset), ElementsAre("all", "lobby", "either", "own"));
}

TEST_F(MemoryRecoveryTest, ASessionIsUsedOnce) {
  const auto offset = record("seen");
  save("ada");

  EXPECT_THAT(take("ada", offset), IsEmpty());
  EXPECT_FALSE(can_take("ada", offset));
}

TEST_F(MemoryRecoveryTest, UnknownIdsAndOffsetsRecoverNothingAndHarmNothing) {
  const auto offset = record("seen");
  save("ada");

  for (const auto* bad : {"", "0", "-1", "zzzzzzzzzzzzzzzzzzzz", "01", "1 ", "Z", "1.0", "99"})
    EXPECT_FALSE(can_take("ada", bad)) << bad;
  EXPECT_FALSE(can_take("eve", offset));
  EXPECT_FALSE(can_take("", offset));
  EXPECT_TRUE(can_take("ada", offset));
}

TEST_F(MemoryRecoveryTest, ForgetsAfterItsTime) {
  const auto offset = record("seen");
  save("ada");
  save("bob");

  now_ += seconds(120);
  EXPECT_TRUE(can_take("ada", offset));
  now_ += seconds(1);
  record("later");
  EXPECT_FALSE(can_take("bob", offset));
}

TEST_F(MemoryRecoveryTest, AnOffsetThatFellOutOfTheLogRecoversNothing) {
  options_.max_events = 3;
  store_ = memory_recovery(options_);
  const auto first = record("1"), second = record("2");
  save("ada");
  save("bob");
  record("3");
  record("4");

  EXPECT_FALSE(can_take("ada", first));
  EXPECT_THAT(take("bob", second), ElementsAre("3", "4"));
}

TEST_F(MemoryRecoveryTest, TheOldestSessionsGoFirst) {
  options_.max_sessions = 2;
  store_ = memory_recovery(options_);
  const auto offset = record("seen");
  for (const auto* pid : {"a", "b", "c"}) save(pid);

  EXPECT_FALSE(can_take("a", offset));
  EXPECT_TRUE(can_take("b", offset));
  EXPECT_TRUE(can_take("c", offset));
}

// A session that comes and goes leaves old entries in the order of forgetting.
TEST_F(MemoryRecoveryTest, TheBoundHoldsForSessionsThatComeAndGo) {
  options_.max_sessions = 2;
  store_ = memory_recovery(options_);
  const auto offset = record("seen");
  for (int i = 0; i < 5; ++i) {
    save("restless");
    ASSERT_TRUE(can_take("restless", offset));
  }
  for (const auto* pid : {"a", "b", "c", "d"}) save(pid);

  int kept = 0;
  for (const auto* pid : {"a", "b", "c", "d"}) kept += can_take(pid, offset) ? 1 : 0;

  EXPECT_EQ(kept, 2);
}

TEST_F(MemoryRecoveryTest, ASessionLostAgainLivesFromItsLastLoss) {
  const auto offset = record("seen");
  save("ada");
  now_ += seconds(100);
  const auto later = record("later");
  ASSERT_TRUE(can_take("ada", offset));
  save("ada");
  now_ += seconds(100);

  EXPECT_TRUE(can_take("ada", later));
}

TEST_F(MemoryRecoveryTest, PidsAreSecretsOfTwentyCharacters) {
  const auto first = store_->new_pid(), second = store_->new_pid();

  EXPECT_EQ(first.size(), 20U);
  EXPECT_NE(first, second);
}

}  // namespace
}  // namespace togglecast::socketio
