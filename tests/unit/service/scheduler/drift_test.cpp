// Rules whose answers change with the time at no moment that can be read from them.
#include <chrono>
#include <string>

#include "changes/timed_changes.hpp"
#include "unit/service/scheduler/timed_changes_fixture.hpp"

namespace togglecast::service {
namespace {

using testing::parse;
using testing::wait_for;

class Drift : public testing::PassingTime {};

// On in every other two-minute span.
constexpr const char* kDrifting =
    R"({"<":[{"%":[{"var":"$flagd.timestamp"},240]},120]})";  // 1'700'000'000 % 240 = 80

TEST_F(Drift, ADriftingAnswerIsLookedForOnceAMinuteAndWrittenOnlyWhenItChanged) {
  open();
  create_timed("blink", kDrifting);
  create_subscriber(1);
  Watcher watcher(*application_);

  EXPECT_TRUE(changes::may_drift(*current()));
  EXPECT_FALSE(changes::has_drifted(*current(), {clock_.wall_now().value + 39'000}));
  EXPECT_TRUE(changes::has_drifted(*current(), {clock_.wall_now().value + 40'000}));
  move_on(std::chrono::seconds(60));

  const auto commit = watcher.after(3);
  ASSERT_NE(commit, nullptr);
  EXPECT_TRUE(commit->row.change.ops.empty());
  EXPECT_EQ(commit->impact.features, (std::vector<domain::Id>{1}));
  EXPECT_EQ(activity().entries.size(), 3U) << "a minute that passed is nothing to read about";
  EXPECT_FALSE(undo(4).has_value());
  move_on(std::chrono::seconds(60));  // off still
  settle();
  settle();
  EXPECT_EQ(current()->revision(), 4);
}

TEST_F(Drift, ARuleThatNobodySeesDriftsForNobody) {
  open();
  create_timed("blink", kDrifting);

  EXPECT_TRUE(changes::may_drift(*current()));
  EXPECT_FALSE(changes::has_drifted(*current(), {clock_.wall_now().value + 60'000}));
}

TEST_F(Drift, WhatAConnectionSaysIsNotKnownSoItsAnswerMayHaveDrifted) {
  open();
  create_timed("mine", R"({"==":[{"var":"hour"},{"%":[{"var":"$flagd.timestamp"},24]}]})");
  create_timed("ours",
               R"({"==":[{"var":"client.region"},{"if":[)" + std::string(kDrifting) + R"(,"eu","eu"]}]})");
  create_subscriber(1);
  EXPECT_TRUE(changes::has_drifted(*current(), {clock_.wall_now().value + 1'000}));

  wait_for<changes::Written>([&](changes::Done done) {
    application_->packages().update(admin(), 1, parse(R"({"features":[{"feature_id":2}]})"), {}, done);
  });

  EXPECT_FALSE(changes::has_drifted(*current(), {clock_.wall_now().value + 60'000}))
      << "eu, whatever the time";
}

}  // namespace
}  // namespace togglecast::service
