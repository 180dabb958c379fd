#include "service/time_keeper.hpp"

#include <condition_variable>
#include <mutex>

#include "domain/client_view.hpp"
#include "service/passing_time.hpp"
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
  ActivityPage activity() {
    return wait_for<ActivityPage>([&](ActivityDone done) { product_->activity().page(admin(), {}, done); })
        .value();
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
  create_timed("sale", R"({">":[{"var":"$flagd.timestamp"},)" + std::to_string(kStart + 20) + "]}");
  create_client(R"({"key":"acme","name":"Acme"})");
  grant(1, 1, 10);
  grant(1, 2, 3'000);
  product_.reset();
  clock_.advance(std::chrono::hours(24 * 365));

  open();

  EXPECT_EQ(current()->revision(), 7);
  EXPECT_EQ(overrides_of(1), 0U);
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

TEST_F(PassingTime, ARuleThatComparesTheTimeTurnsWithARevisionOfItsOwn) {
  open();
  create_timed("sale", R"({">=":[{"var":"$flagd.timestamp"},)" + std::to_string(kStart + 20) + "]}");
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
  EXPECT_TRUE(commit->row.change.ops.empty());
  EXPECT_EQ(commit->impact.features, (std::vector<domain::Id>{1}));
  EXPECT_TRUE(on());
  EXPECT_EQ(activity().entries.size(), 3U) << "time alone is nothing to read about";
  EXPECT_EQ(next_turn(*current()), std::nullopt) << "once";
}

TEST_F(PassingTime, ADisabledRuleDoesNotTurn) {
  open();
  create_feature("sale", R"(,"state":"DISABLED","targeting":{"if":[{">=":[{"var":"$flagd.timestamp"},)" +
                             std::to_string(kStart + 20) + R"(]},"on","off"]})");

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

  const auto refused =
      wait_for<Undone>([&](UndoDone done) { product_->activity().undo(admin(), 4, {}, done); });

  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Errc::conflict);
}

}  // namespace
}  // namespace togglecast::service
