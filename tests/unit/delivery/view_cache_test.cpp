#include "delivery/views/view_cache.hpp"

#include <gtest/gtest.h>

#include "domain/evaluation/unusable_context.hpp"
#include "unit/delivery/delivery_fixture.hpp"

namespace togglecast::delivery::testing {
namespace {

using namespace domain::testing;

class ViewCaches : public DeliveryTest {
 protected:
  static constexpr domain::Id kStrangers = 10'000;

  ViewCaches() {
    std::vector<domain::Op> ops{
        create(platform(1, "web")),
        create(feature(1, "plain")),
        create(
            feature(2, "by-region", R"({"targeting":{"if":[{"==":[{"var":"region"},"eu"]},"on","off"]}})")),
        create(feature(3, "needs-it", R"({"requires":[4]})")),
        create(feature(4, "not-assigned")),
        create(package(1, "pro", R"([{"feature_id":1},{"feature_id":2},{"feature_id":3}])")),
        create(package(2, "basic", R"([{"feature_id":1}])")),
        create(client_on(1, "acme", 1)),
        create(client_on(2, "umbrella", 2))};
    auto special = client_on(3, "special", 2);
    domain::evaluation::Override granted;
    granted.feature = 4;
    granted.value = true;
    special.overrides.push_back(std::move(granted));
    ops.push_back(create(special));
    begin_with(std::move(ops));
  }

  domain::Viewpoint seen_by(domain::Id client, json::object context = {}) {
    return {newest_, newest_->find<domain::Client>(client),
            std::make_shared<const json::object>(std::move(context))};
  }
  static ViewText text(std::size_t size = 100) { return std::make_shared<const std::string>(size, 'x'); }
  // Asked for so often that it is kept.
  void keep(const domain::Viewpoint& seen, const ViewText& view) {
    for (int i = 0; i < 3; ++i)
      if (cache_.find(seen) == nullptr) cache_.offer(seen, view);
  }
  void step(std::vector<domain::Op> ops) {
    const auto made = change(std::move(ops));
    cache_.step(*made->before, *made->after, made->impact);
  }
  domain::Op with_name(domain::Id client, const std::string& name) {
    const auto before = newest_->find<domain::Client>(client);
    auto after = *before;
    after.name = name;
    return update(*before, after);
  }

  ViewCache cache_{{view_hits_, view_misses_, view_bytes_}, 8'000};
};

TEST_F(ViewCaches, KeepAViewThatIsAskedForAgainAndAgain) {
  const auto view = text();
  keep(seen_by(1), view);

  EXPECT_EQ(cache_.find(seen_by(1)), view);
  EXPECT_EQ(view_hits_.value(), 1U);
  EXPECT_EQ(view_misses_.value(), 3U);
  EXPECT_EQ(cache_.find(seen_by(2)), nullptr) << "another client";
  EXPECT_EQ(view_bytes_.value(), static_cast<std::int64_t>(cache_.bytes()));
}

TEST_F(ViewCaches, TellContextsApartByWhatRulesReadOfThem) {
  const auto in_europe = text();
  keep(seen_by(1, {{"region", "eu"}, {"page", "a"}}), in_europe);

  EXPECT_EQ(cache_.find(seen_by(1, {{"region", "eu"}, {"page", "b"}})), in_europe)
      << "no rule reads the page";
  EXPECT_EQ(cache_.find(seen_by(1, {{"region", "us"}})), nullptr);
  EXPECT_EQ(cache_.find(seen_by(1)), nullptr);
  auto unusable = seen_by(1);
  unusable.context = domain::evaluation::unusable_context();
  EXPECT_EQ(cache_.find(unusable), nullptr);
}

TEST_F(ViewCaches, ForgetAViewWhenAStepConcernsItsClient) {
  const auto forgotten_after = [this](std::vector<domain::Op> ops, domain::Id client) {
    const auto view = text();
    keep(seen_by(client), view);
    EXPECT_EQ(cache_.find(seen_by(client)), view);
    step(std::move(ops));
    return cache_.find(seen_by(client)) == nullptr;
  };
  const auto renamed_platform = [this] {
    const auto before = newest_->find<domain::Platform>(1);
    auto after = *before;
    after.name += "!";
    return update(*before, after);
  };

  EXPECT_TRUE(forgotten_after({rename(1, "Another")}, 1)) << "of its package";
  EXPECT_TRUE(forgotten_after({with_name(1, "Another")}, 1));
  EXPECT_TRUE(forgotten_after({renamed_platform()}, 2));
  EXPECT_TRUE(forgotten_after({rename(4, "Needed")}, 1)) << "what a feature requires";
  EXPECT_TRUE(forgotten_after({rename(4, "Overridden")}, 3));
  EXPECT_FALSE(forgotten_after({rename(2, "Of another package")}, 2));
  EXPECT_FALSE(forgotten_after({with_name(1, "Somebody else")}, 3));
}

TEST_F(ViewCaches, ForgetEverythingWhenAnEnvironmentBeginsAgain) {
  keep(seen_by(1), text());

  cache_.begin_again("production");

  EXPECT_EQ(cache_.find(seen_by(1)), nullptr);
}

TEST_F(ViewCaches, KeepNothingOfClientsThatComeOnce) {
  const auto view = text();
  keep(seen_by(1), view);
  const std::size_t bytes = cache_.bytes();

  const auto known = newest_->find<domain::Client>(2);
  for (domain::Id id = 100; id < 100 + kStrangers; ++id) {
    auto stranger = std::make_shared<domain::Client>(*known);
    stranger->id = id;
    const domain::Viewpoint seen{newest_, stranger, nullptr};
    EXPECT_EQ(cache_.find(seen), nullptr);
    cache_.offer(seen, text());
  }

  EXPECT_LT(cache_.bytes(), 3 * bytes) << "but for a few that share their places in the counts";
  EXPECT_EQ(cache_.find(seen_by(1)), view);
}

TEST_F(ViewCaches, ALittleUsedViewPushesOutNoneThatIsUsedMore) {
  std::vector<domain::Viewpoint> used;
  for (const char* region : {"a", "b", "c", "d"}) {
    used.push_back(seen_by(1, {{"region", region}}));
    for (int i = 0; i < 20; ++i)
      if (cache_.find(used.back()) == nullptr) cache_.offer(used.back(), text(400));
  }
  const std::size_t kept = cache_.size();
  EXPECT_GE(kept, 3U);

  for (int i = 0; i < 200; ++i) {
    const auto seen = seen_by(1, {{"region", "scan " + std::to_string(i)}});
    for (int times = 0; times < 3; ++times)
      if (cache_.find(seen) == nullptr) cache_.offer(seen, text(400));
  }

  EXPECT_LE(cache_.bytes(), 8'000U);
  EXPECT_GE(cache_.size(), kept);
  for (std::size_t i = 0; i < kept; ++i) EXPECT_NE(cache_.find(used[i]), nullptr) << i;
}

TEST_F(ViewCaches, AViewThatIsUsedMoreTakesThePlaceOfOneThatIsUsedLess) {
  for (int i = 0; i < 20; ++i) keep(seen_by(1, {{"region", "old " + std::to_string(i)}}), text(400));
  const auto popular = seen_by(1, {{"region", "new"}});
  const auto view = text(400);

  for (int i = 0; i < 30; ++i)
    if (cache_.find(popular) == nullptr) cache_.offer(popular, view);

  EXPECT_EQ(cache_.find(popular), view);
  EXPECT_LE(cache_.bytes(), 8'000U);
}

TEST_F(ViewCaches, OfAShardSpareConnectionsTheirEvaluation) {
  start();
  keep_views();
  begin_with({create(feature(1, "plain")), create(package(1, "pro", R"([{"feature_id":1}])")),
              create(client_on(1, "acme", 1))});
  for (int i = 0; i < 4; ++i) connect(1);
  EXPECT_EQ(view_hits_.value(), 1U);

  auto& by_cache = connect(1);
  commit({rename(1, "Another")});
  auto& afterwards = connect(1);

  EXPECT_EQ(view_hits_.value(), 2U);
  EXPECT_EQ(by_cache.seen, fresh_view(by_cache)) << "it was told what changed";
  EXPECT_EQ(afterwards.seen, fresh_view(afterwards));
}

}  // namespace
}  // namespace togglecast::delivery::testing
