#include "service/time_keeper.hpp"

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <mutex>

#include "domain/client_view.hpp"
#include "domain/op_type.hpp"
#include "service/passing_time.hpp"
#include "support/eventually.hpp"
#include "unit/service/product_fixture.hpp"

namespace togglecast::service {
namespace {

using domain::Client;
using testing::parse;
using testing::wait_for;

// 2023-11-14T22:13:20Z, where the manual clock stands at first.
constexpr std::int64_t kStart = 1'700'000'000;

class PassingTime : public testing::ProductTest {
 protected:
  // Counts revisions as they come.
  class Watcher {
   public:
    explicit Watcher(Product& product) {
      subscription_ = product.feed().subscribe([this](const CommitPtr& commit) {
        const std::scoped_lock lock(mutex_);
        commits_.push_back(commit);
        came_.notify_all();
      });
    }
    // The first commit after `revision` of `environment`.
    CommitPtr after(domain::Revision revision, const std::string& environment = "production") {
      CommitPtr found;
      std::unique_lock lock(mutex_);
      const bool there = came_.wait_for(lock, std::chrono::seconds(60), [&] {
        for (const auto& commit : commits_)
          if (commit->row.environment == environment && commit->after->revision() == revision + 1)
            found = commit;
        return found != nullptr;
      });
      EXPECT_TRUE(there) << "no commit after revision " << revision;
      return found;
    }

   private:
    std::mutex mutex_;
    std::condition_variable came_;
    std::vector<CommitPtr> commits_;
    ChangeFeed::Subscription subscription_;
  };

  void move_on(std::chrono::milliseconds by) {
    clock_.advance(by);
    product_->time().look();
  }
  // A write that waits behind everything that was asked of the writer.
  void settle() { create_platform(R"({"key":"not a key"})"); }

  Result<Written> create_feature(const std::string& key, const std::string& more = "",
                                 const Principal& who = admin()) {
    return wait_for<Written>([&](Done done) {
      product_->features().create(who, parse(R"({"key":")" + key + R"(","name":")" + key + "\"" + more + "}"),
                                  {}, done);
    });
  }
  Result<Written> create_timed(const std::string& key, const std::string& rule) {
    return create_feature(key, R"(,"targeting":{"if":[)" + rule + R"(,"on","off"]})");
  }
  Result<Written> set_override(domain::Id client, domain::Id feature, const std::string& body,
                               const Principal& who = admin()) {
    return wait_for<Written>(
        [&](Done done) { product_->clients().set_override(who, client, feature, parse(body), {}, done); });
  }
  // On for `seconds` from now.
  Result<Written> grant(domain::Id client, domain::Id feature, std::int64_t seconds,
                        const Principal& who = admin()) {
    const std::string until = to_iso8601({clock_.wall_now().value + seconds * 1'000});
    return set_override(client, feature, R"({"value":true,"expires_at":")" + until + "\"}", who);
  }
  // A package of features 1 … count, and a client on it.
  void create_subscriber(int features) {
    std::string list;
    for (int i = 1; i <= features; ++i)
      list += (i > 1 ? "," : "") + (R"({"feature_id":)" + std::to_string(i) + "}");
    const auto package = wait_for<Written>([&](Done done) {
      product_->packages().create(admin(), parse(R"({"key":"pro","name":"Pro","features":[)" + list + "]}"),
                                  {}, done);
    });
    ASSERT_TRUE(package.has_value()) << package.error().message;
    ASSERT_TRUE(create_client(R"({"key":"acme","name":"Acme","package_id":1,"attributes":{"region":"eu"}})")
                    .has_value());
  }
  std::size_t overrides_of(domain::Id client, std::string_view environment = "production") const {
    return current(environment)->find<Client>(client)->overrides.size();
  }
  ActivityPage activity(const storage::LogQuery& query = {}) {
    return wait_for<ActivityPage>([&](ActivityDone done) { product_->activity().page(admin(), query, done); })
        .value();
  }
  std::string newest_summary() { return std::string(activity().entries.at(0).at("summary").as_string()); }
  Result<Undone> undo(domain::Revision revision) {
    return wait_for<Undone>([&](UndoDone done) { product_->activity().undo(admin(), revision, {}, done); });
  }
  static std::string is_reached(std::int64_t second, const std::string& op = ">=") {
    return "{\"" + op + R"(":[{"var":"$flagd.timestamp"},)" + std::to_string(second) + "]}";
  }
};

TEST_F(PassingTime, AnOverrideGoesWhenItsTimeIsOver) {
  open();
  create_feature("search");
  create_client(R"({"key":"acme","name":"Acme"})");
  ASSERT_TRUE(grant(1, 1, 10).has_value());
  Watcher watcher(*product_);

  move_on(std::chrono::seconds(10));

  const auto commit = watcher.after(3);
  ASSERT_NE(commit, nullptr);
  EXPECT_EQ(overrides_of(1), 0U);
  EXPECT_EQ(commit->after->as_of(), clock_.wall_now());
  EXPECT_EQ(activity().entries.at(0).at("summary"), "override of search for client Acme expired");
  EXPECT_EQ(activity().entries.at(0).at("source"), "timer");
  EXPECT_EQ(activity().entries.at(0).at("actor").at("kind"), "system");
}

TEST_F(PassingTime, NothingHappensBeforeItsTime) {
  open();
  create_feature("search");
  create_client(R"({"key":"acme","name":"Acme"})");
  grant(1, 1, 10);

  move_on(std::chrono::milliseconds(9'999));
  settle();

  EXPECT_EQ(current()->revision(), 3);
  EXPECT_EQ(next_turn(*current()), (UnixMillis{(kStart + 10) * 1'000}));
}

TEST_F(PassingTime, OverridesThatEndTogetherGoInOneCommit) {
  open();
  create_feature("search");
  create_feature("export");
  create_client(R"({"key":"acme","name":"Acme"})");
  create_client(R"({"key":"beta","name":"Beta"})");
  grant(1, 1, 10);
  grant(1, 2, 10);
  grant(2, 1, 9);
  grant(2, 2, 99);
  Watcher watcher(*product_);

  move_on(std::chrono::seconds(10));

  ASSERT_NE(watcher.after(8), nullptr);
  EXPECT_EQ(overrides_of(1), 0U);
  EXPECT_EQ(overrides_of(2), 1U);
  settle();
  EXPECT_EQ(current()->revision(), 9);
}

TEST_F(PassingTime, WhatBecameDueWhileNobodyWasThereIsOneCommitBeforeServing) {
  open();
  create_feature("search");
  create_feature("export");
  create_timed("sale", is_reached(kStart + 20, ">"));
  create_client(R"({"key":"acme","name":"Acme"})");
  grant(1, 1, 10);
  grant(1, 2, 3'000);
  product_.reset();
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

TEST_F(PassingTime, WhatIsDueIsWrittenBeforeWhatSomebodyElseWrites) {
  open();
  create_feature("search");
  create_client(R"({"key":"acme","name":"Acme"})");
  grant(1, 1, 10);
  Watcher watcher(*product_);

  clock_.advance(std::chrono::seconds(11));  // and nobody looks, but somebody writes
  create_platform(R"({"key":"web","name":"Web"})");

  const auto expired = watcher.after(3);
  ASSERT_NE(expired, nullptr);
  EXPECT_EQ(expired->impact.clients, (std::vector<domain::Id>{1}));
  EXPECT_EQ(current()->body(domain::Kind::platform, 1).at("revision"), json::value(5));
  EXPECT_EQ(overrides_of(1), 0U);
  product_->time().look();
  settle();
  EXPECT_EQ(current()->revision(), 5) << "once";
}

TEST_F(PassingTime, ATurnHasItsEntryAlsoWhenSomebodyElseWritesFirst) {
  open();
  create_timed("sale", is_reached(kStart + 20));

  clock_.advance(std::chrono::seconds(20));  // and nobody looks, but somebody writes
  create_platform(R"({"key":"web","name":"Web"})");

  const auto entries = activity().entries;
  ASSERT_EQ(entries.size(), 3U);
  EXPECT_EQ(entries.at(0).at("summary"), "owner created platform Web");
  EXPECT_EQ(entries.at(1).at("summary"), "a time in the rules of feature sale has come");
  EXPECT_EQ(entries.at(1).at("source"), "timer");
}

TEST_F(PassingTime, ARuleThatComparesTheTimeTurnsWithARevisionOfItsOwn) {
  open();
  create_timed("sale", is_reached(kStart + 20));
  create_subscriber(1);
  const auto on = [&] {
    domain::ClientView view(*current(), *current()->find<Client>(1), nullptr);
    return view.answer(1).decision.enabled;
  };
  Watcher watcher(*product_);
  EXPECT_FALSE(on());

  move_on(std::chrono::seconds(20));

  const auto commit = watcher.after(3);
  ASSERT_NE(commit, nullptr);
  ASSERT_EQ(commit->row.change.ops.size(), 1U);
  EXPECT_TRUE(domain::is_turn(commit->row.change.ops.front()));
  EXPECT_EQ(commit->impact.features, (std::vector<domain::Id>{1}));
  EXPECT_EQ(current()->find<domain::Feature>(1)->revision, 1) << "the feature itself is as it was";
  EXPECT_TRUE(on());
  EXPECT_EQ(next_turn(*current()), std::nullopt) << "once";
}

TEST_F(PassingTime, ATurnIsAnEntryThatNamesTheFeature) {
  open();
  create_timed("sale", is_reached(kStart + 20));
  create_feature("search");
  Watcher watcher(*product_);

  move_on(std::chrono::seconds(20));

  ASSERT_NE(watcher.after(2), nullptr);
  const auto page = activity({.kind = domain::Kind::feature, .id = 1, .source = "timer"});
  ASSERT_EQ(page.entries.size(), 1U);
  const json::value& entry = page.entries.front();
  EXPECT_EQ(entry.at("revision"), json::value(3));
  EXPECT_EQ(entry.at("summary"), "a time in the rules of feature sale has come");
  EXPECT_EQ(entry.at("actor").at("kind"), "system");
  EXPECT_EQ(json::canonical(entry.at("changes")),
            R"([{"after":{},"before":{},"entity_id":1,"entity_type":"feature","fields":[],"key":"sale",)"
            R"("name":"sale","type":"update"}])");
  EXPECT_EQ(activity({.text = "SALE", .source = "timer"}).entries.size(), 1U);
  EXPECT_EQ(activity({.kind = domain::Kind::feature, .id = 2, .source = "timer"}).entries.size(), 0U);
}

TEST_F(PassingTime, FeaturesThatTurnTogetherAreOneEntry) {
  open();
  for (const char* key : {"a", "b", "c", "d", "e"}) create_timed(key, is_reached(kStart + 20));
  create_timed("later", is_reached(kStart + 21));
  Watcher watcher(*product_);

  move_on(std::chrono::seconds(20));
  ASSERT_NE(watcher.after(6), nullptr);

  EXPECT_EQ(newest_summary(), "a time in the rules of features a, b and 3 more has come");
  EXPECT_EQ(activity().entries.at(0).at("changes").as_array().size(), 5U);
  move_on(std::chrono::seconds(1));
  ASSERT_NE(watcher.after(7), nullptr);
  EXPECT_EQ(newest_summary(), "a time in the rules of feature later has come");
}

TEST_F(PassingTime, TimesOfSubFeaturesAndSegmentsAreThoseOfTheirFeature) {
  open();
  ASSERT_TRUE(wait_for<Written>([&](Done done) {
                product_->segments().create(
                    admin(), parse(R"({"key":"launch","name":"L","rule":)" + is_reached(kStart + 10) + "}"),
                    {}, done);
              }).has_value());
  create_timed("search", R"({"$ref":"launch"})");
  create_feature("reports", R"(,"sub_features":[{"key":"pdf","name":"PDF","targeting":{"if":[)" +
                                is_reached(kStart + 10) + R"(,"on","off"]}}])");
  Watcher watcher(*product_);

  move_on(std::chrono::seconds(10));

  ASSERT_NE(watcher.after(3), nullptr);
  EXPECT_EQ(newest_summary(), "a time in the rules of features search and reports has come");
}

TEST_F(PassingTime, AnOrderTurnsOnceWhenItsSecondIsReachedOrHasPassed) {
  open();
  create_timed("from", is_reached(kStart + 10));
  create_timed("after", is_reached(kStart + 20, ">"));
  Watcher watcher(*product_);

  move_on(std::chrono::seconds(10));
  ASSERT_NE(watcher.after(2), nullptr);
  move_on(std::chrono::seconds(10));
  settle();
  settle();
  EXPECT_EQ(current()->revision(), 3) << "its second has not passed";
  move_on(std::chrono::seconds(1));
  ASSERT_NE(watcher.after(3), nullptr);
  move_on(std::chrono::hours(1));
  settle();
  settle();

  EXPECT_EQ(current()->revision(), 4);
  EXPECT_EQ(activity({.source = "timer"}).entries.size(), 2U);
}

TEST_F(PassingTime, ATurnIsNotUndoneAndIsNotInTheWayOfAnUndo) {
  open();
  create_timed("sale", is_reached(kStart + 20));
  for (const char* name : {"One", "Two"})
    wait_for<Written>([&](Done done) {
      product_->features().update(admin(), 1, parse(R"({"name":")" + std::string(name) + "\"}"), {}, done);
    });
  Watcher watcher(*product_);
  move_on(std::chrono::seconds(20));
  ASSERT_NE(watcher.after(3), nullptr);

  const auto refused = undo(4);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Errc::conflict);
  EXPECT_EQ(refused.error().message, "revision 4 changed nothing but the time, which does not go back");
  const auto obstructed = undo(2);
  ASSERT_FALSE(obstructed.has_value());
  EXPECT_EQ(obstructed.error().message, "this cannot be undone: feature 1 (One) was changed by revision 3");
  EXPECT_TRUE(undo(3).has_value());
}

TEST_F(PassingTime, ADisabledRuleDoesNotTurn) {
  open();
  create_feature("sale",
                 R"(,"state":"DISABLED","targeting":{"if":[)" + is_reached(kStart + 20) + R"(,"on","off"]})");

  EXPECT_EQ(next_turn(*current()), std::nullopt);
  move_on(std::chrono::seconds(30));
  settle();

  EXPECT_EQ(current()->revision(), 1);
}

// On in every other two-minute span.
constexpr const char* kDrifting =
    R"({"<":[{"%":[{"var":"$flagd.timestamp"},240]},120]})";  // 1'700'000'000 % 240 = 80

TEST_F(PassingTime, ADriftingAnswerIsLookedForOnceAMinuteAndWrittenOnlyWhenItChanged) {
  open();
  create_timed("blink", kDrifting);
  create_subscriber(1);
  Watcher watcher(*product_);

  EXPECT_TRUE(may_drift(*current()));
  EXPECT_FALSE(has_drifted(*current(), {clock_.wall_now().value + 39'000}));
  EXPECT_TRUE(has_drifted(*current(), {clock_.wall_now().value + 40'000}));
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

TEST_F(PassingTime, ARuleThatNobodySeesDriftsForNobody) {
  open();
  create_timed("blink", kDrifting);

  EXPECT_TRUE(may_drift(*current()));
  EXPECT_FALSE(has_drifted(*current(), {clock_.wall_now().value + 60'000}));
}

TEST_F(PassingTime, WhatAConnectionSaysIsNotKnownSoItsAnswerMayHaveDrifted) {
  open();
  create_timed("mine", R"({"==":[{"var":"hour"},{"%":[{"var":"$flagd.timestamp"},24]}]})");
  create_timed("ours",
               R"({"==":[{"var":"client.region"},{"if":[)" + std::string(kDrifting) + R"(,"eu","eu"]}]})");
  create_subscriber(1);
  EXPECT_TRUE(has_drifted(*current(), {clock_.wall_now().value + 1'000}));

  wait_for<Written>([&](Done done) {
    product_->packages().update(admin(), 1, parse(R"({"features":[{"feature_id":2}]})"), {}, done);
  });

  EXPECT_FALSE(has_drifted(*current(), {clock_.wall_now().value + 60'000})) << "eu, whatever the time";
}

TEST_F(PassingTime, EnvironmentsHaveTheirOwnTime) {
  options_.environments = {"production", "staging"};
  open();
  const Principal there = admin(domain::Role::owner, "staging");
  for (const Principal& who : {admin(), there}) {
    create_feature("search", "", who);
    create_client(R"({"key":"acme","name":"Acme"})", who);
  }
  grant(1, 1, 10, there);
  grant(1, 1, 20);
  Watcher watcher(*product_);

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

TEST_F(PassingTime, AClockThatIsSetBackDelaysNothingThatFailedMeanwhile) {
  SetClock clock;
  const std::shared_ptr<void> end(nullptr,
                                  [this](void*) { product_.reset(); });  // before its clock goes away
  options_.first_owner_password = [] { return Secret(std::string(kPassword)); };
  product_ = Product::open(storage::sqlite::SqliteStore::open(folder_.path() / "data").value(), options_,
                           clock, random_, log_, metrics_)
                 .value();
  ASSERT_TRUE(create_feature("search").has_value());
  create_subscriber(1);
  ASSERT_TRUE(
      set_override(1, 1, R"({"value":true,"expires_at":")" + to_iso8601({(kStart + 600) * 1'000}) + "\"}")
          .has_value());
  Watcher watcher(*product_);
  const auto before = current()->revision();
  const auto database = folder_.path() / "data" / "togglecast.db";
  std::filesystem::rename(database, folder_.path() / "elsewhere");
  clock.set_wall(std::chrono::hours{24});
  product_->time().look();
  ASSERT_TRUE(test::eventually([this] {
    return metrics_.exposition().find("togglecast_store_failures_total 1") != std::string::npos;
  }));
  EXPECT_EQ(overrides_of(1), 1U);

  clock.set_wall(-std::chrono::hours{23});
  std::filesystem::rename(folder_.path() / "elsewhere", database);
  clock.go_on(std::chrono::minutes{2});
  product_->time().look();

  ASSERT_NE(watcher.after(before), nullptr);
  EXPECT_EQ(overrides_of(1), 0U);
}

TEST_F(PassingTime, AnExpiryThatHasPassedIsRefused) {
  open();
  create_feature("search");
  create_client(R"({"key":"acme","name":"Acme"})");

  const auto refused = grant(1, 1, -1);
  const auto now = grant(1, 1, 0);

  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().details.at(0).pointer, "/expires_at");
  EXPECT_FALSE(now.has_value());
}

TEST_F(PassingTime, AnExpiryIsNotUndoneWhenItsTimeIsOver) {
  open();
  create_feature("search");
  create_client(R"({"key":"acme","name":"Acme"})");
  grant(1, 1, 10);
  Watcher watcher(*product_);
  move_on(std::chrono::seconds(10));
  ASSERT_NE(watcher.after(3), nullptr);

  const auto refused = undo(4);

  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Errc::conflict);
}

}  // namespace
}  // namespace togglecast::service
