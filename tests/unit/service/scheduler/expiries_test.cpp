// Overrides that end.
#include <atomic>
#include <chrono>
#include <filesystem>
#include <memory>

#include "changes/timed_changes.hpp"
#include "support/eventually.hpp"
#include "unit/service/scheduler/timed_changes_fixture.hpp"

namespace togglecast::service {
namespace {

using testing::kStart;

class Expiries : public testing::PassingTime {};

TEST_F(Expiries, AnOverrideGoesWhenItsTimeIsOver) {
  open();
  create_feature("search");
  create_client(R"({"key":"acme","name":"Acme"})");
  ASSERT_TRUE(grant(1, 1, 10).has_value());
  Watcher watcher(*application_);

  move_on(std::chrono::seconds(10));

  const auto commit = watcher.after(3);
  ASSERT_NE(commit, nullptr);
  EXPECT_EQ(overrides_of(1), 0U);
  EXPECT_EQ(commit->after->as_of(), clock_.wall_now());
  EXPECT_EQ(activity().entries.at(0).at("summary"), "override of search for client Acme expired");
  EXPECT_EQ(activity().entries.at(0).at("source"), "timer");
  EXPECT_EQ(activity().entries.at(0).at("actor").at("kind"), "system");
}

TEST_F(Expiries, AnEnvironmentThatIsAddedWhileItRunsHasItsTimersToo) {
  open();
  ASSERT_TRUE(add_environment("staging").has_value());
  const Principal there = admin(domain::Role::owner, "staging");
  create_feature("search", "", there);
  create_client(R"({"key":"acme","name":"Acme"})", there);
  ASSERT_TRUE(grant(1, 1, 10, there).has_value());
  Watcher watcher(*application_);

  move_on(std::chrono::seconds(10));

  ASSERT_NE(watcher.after(3, "staging"), nullptr);
  EXPECT_EQ(overrides_of(1, "staging"), 0U);
}

TEST_F(Expiries, NothingHappensBeforeItsTime) {
  open();
  create_feature("search");
  create_client(R"({"key":"acme","name":"Acme"})");
  grant(1, 1, 10);

  move_on(std::chrono::milliseconds(9'999));
  settle();

  EXPECT_EQ(current()->revision(), 3);
  EXPECT_EQ(changes::next_time_boundary(*current()), (UnixMillis{(kStart + 10) * 1'000}));
}

TEST_F(Expiries, OverridesThatEndTogetherGoInOneCommit) {
  open();
  create_feature("search");
  create_feature("export");
  create_client(R"({"key":"acme","name":"Acme"})");
  create_client(R"({"key":"beta","name":"Beta"})");
  grant(1, 1, 10);
  grant(1, 2, 10);
  grant(2, 1, 9);
  grant(2, 2, 99);
  Watcher watcher(*application_);

  move_on(std::chrono::seconds(10));

  ASSERT_NE(watcher.after(8), nullptr);
  EXPECT_EQ(overrides_of(1), 0U);
  EXPECT_EQ(overrides_of(2), 1U);
  settle();
  EXPECT_EQ(current()->revision(), 9);
}

TEST_F(Expiries, WhatBecameDueWhileNobodyWasThereIsOneCommitBeforeServing) {
  open();
  create_feature("search");
  create_feature("export");
  create_timed("sale", is_reached(kStart + 20, ">"));
  create_client(R"({"key":"acme","name":"Acme"})");
  grant(1, 1, 10);
  grant(1, 2, 3'000);
  application_.reset();
  clock_.advance(std::chrono::hours(24 * 365));

  open();

  EXPECT_EQ(current()->revision(), 7);
  EXPECT_EQ(overrides_of(1), 0U);
  EXPECT_EQ(newest_summary(),
            "overrides of search for client Acme and export for client Acme expired, and a time in the rules "
            "of feature sale has come");
  reopen();
  EXPECT_EQ(current()->revision(), 7) << "once";
}

TEST_F(Expiries, WhatIsDueIsWrittenBeforeWhatSomebodyElseWrites) {
  open();
  create_feature("search");
  create_client(R"({"key":"acme","name":"Acme"})");
  grant(1, 1, 10);
  Watcher watcher(*application_);

  clock_.advance(std::chrono::seconds(11));  // and nobody looks, but somebody writes
  create_platform(R"({"key":"web","name":"Web"})");

  const auto expired = watcher.after(3);
  ASSERT_NE(expired, nullptr);
  EXPECT_EQ(expired->impact.clients, (std::vector<domain::Id>{1}));
  EXPECT_EQ(current()->body(domain::Kind::platform, 1).at("revision"), json::value(5));
  EXPECT_EQ(overrides_of(1), 0U);
  application_->time().look();
  settle();
  EXPECT_EQ(current()->revision(), 5) << "once";
}

TEST_F(Expiries, EnvironmentsHaveTheirOwnTime) {
  options_.environments = {"production", "staging"};
  open();
  const Principal there = admin(domain::Role::owner, "staging");
  for (const Principal& who : {admin(), there}) {
    create_feature("search", "", who);
    create_client(R"({"key":"acme","name":"Acme"})", who);
  }
  grant(1, 1, 10, there);
  grant(1, 1, 20);
  Watcher watcher(*application_);

  move_on(std::chrono::seconds(10));
  ASSERT_NE(watcher.after(3, "staging"), nullptr);
  EXPECT_EQ(overrides_of(1, "staging"), 0U);
  EXPECT_EQ(overrides_of(1), 1U);

  move_on(std::chrono::seconds(10));
  ASSERT_NE(watcher.after(3), nullptr);
  EXPECT_EQ(overrides_of(1), 0U);
  EXPECT_EQ(current("staging")->revision(), 4);
}

// The clock of the wall may be set, to and fro; the other one only goes on.
class SetClock final : public Clock {
 public:
  TimePoint now() const noexcept override { return TimePoint{Milliseconds{steady_.load()}}; }
  UnixMillis wall_now() const noexcept override { return {wall_.load()}; }
  void set_wall(Milliseconds by) noexcept { wall_ += by.count(); }
  void go_on(Milliseconds by) noexcept {
    wall_ += by.count();
    steady_ += by.count();
  }

 private:
  std::atomic<std::int64_t> steady_{1'000'000};
  std::atomic<std::int64_t> wall_{kStart * 1'000};
};

TEST_F(Expiries, AClockThatIsSetBackDelaysNothingThatFailedMeanwhile) {
  SetClock clock;
  const std::shared_ptr<void> end(nullptr,
                                  [this](void*) { application_.reset(); });  // before its clock goes away
  options_.first_owner_password = [] { return Secret(std::string(kPassword)); };
  options_.committer.pipeline.watch.look = options_.committer.pipeline.watch.retry =
      std::chrono::hours{1};  // only what is asked for below
  application_ = Application::open(storage::sqlite::SqliteStore::open(folder_.path() / "data").value(),
                                   options_, clock, random_, log_, metrics_)
                     .value();
  ASSERT_TRUE(create_feature("search").has_value());
  create_subscriber(1);
  ASSERT_TRUE(
      set_override(1, 1, R"({"value":true,"expires_at":")" + to_iso8601({(kStart + 600) * 1'000}) + "\"}")
          .has_value());
  Watcher watcher(*application_);
  const auto before = current()->revision();
  const auto database = folder_.path() / "data" / "togglecast.db";
  std::filesystem::rename(database, folder_.path() / "elsewhere");
  clock.set_wall(std::chrono::hours{24});
  application_->time().look();
  ASSERT_TRUE(test::eventually([this] {
    return metrics_.exposition().find("togglecast_store_failures_total 1") != std::string::npos;
  }));
  EXPECT_EQ(overrides_of(1), 1U);

  clock.set_wall(-std::chrono::hours{23});
  std::filesystem::rename(folder_.path() / "elsewhere", database);

  // The failure is counted before the scheduler chooses the time of its next attempt, so that time is not
  // known here. It is minutes away, not a day.
  ASSERT_TRUE(test::eventually([&] {
    clock.go_on(std::chrono::seconds{1});
    application_->time().look();
    return overrides_of(1) == 0;
  }));
  EXPECT_NE(watcher.after(before), nullptr);
}

TEST_F(Expiries, AnExpiryThatHasPassedIsRefused) {
  open();
  create_feature("search");
  create_client(R"({"key":"acme","name":"Acme"})");

  const auto refused = grant(1, 1, -1);
  const auto now = grant(1, 1, 0);

  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().details.at(0).pointer, "/expires_at");
  EXPECT_FALSE(now.has_value());
}

TEST_F(Expiries, AnExpiryIsNotUndoneWhenItsTimeIsOver) {
  open();
  create_feature("search");
  create_client(R"({"key":"acme","name":"Acme"})");
  grant(1, 1, 10);
  Watcher watcher(*application_);
  move_on(std::chrono::seconds(10));
  ASSERT_NE(watcher.after(3), nullptr);

  const auto refused = undo(4);

  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Errc::conflict);
}

}  // namespace
}  // namespace togglecast::service
