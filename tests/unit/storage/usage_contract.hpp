// The part of the contract of every store that is about the last use of sessions and API keys.
#pragma once

#include <string>
#include <vector>

#include "unit/storage/store_contract.hpp"

namespace togglecast::storage::testing {

// Any kind of entity will do.
class UsageContract : public StoreContract {
 protected:
  static constexpr UsedEntity kWeb{domain::Kind::platform, 1};
  static constexpr UsedEntity kIos{domain::Kind::platform, 2};

  UsageContract() { write({create(platform(1, "web")), create(platform(2, "ios"))}); }

  void note(const std::vector<Use>& uses) {
    const auto done = store_->usage().note("production", uses);
    EXPECT_TRUE(done.has_value()) << done.error().message;
  }
  Advanced advance(const UsedEntity& of, std::int64_t from, std::int64_t at) {
    const auto advanced = store_->usage().advance("production", of, from, {at});
    EXPECT_TRUE(advanced.has_value()) << advanced.error().message;
    return advanced.value_or(Advanced{});
  }
  Usage usage_of(const UsedEntity& of) {
    return store_->open_reader().value()->usage().of("production", of).value();
  }
  std::vector<Usage> all(const std::string& environment = "production") {
    return store_->open_reader().value()->usage().all(environment).value();
  }
};

TEST_P(UsageContract, NothingIsKnownOfWhatWasNeverUsed) {
  EXPECT_TRUE(all().empty());
  EXPECT_EQ(usage_of(kWeb).used_at, UnixMillis{});
  EXPECT_EQ(usage_of(kWeb).generation.number, 1);
}

TEST_P(UsageContract, AUseIsThereAfterOpeningAgain) {
  note({{kWeb, {50}}, {kIos, {60}}});

  reopen();

  ASSERT_EQ(all().size(), 2U);
  EXPECT_EQ(all()[0].of, kWeb);
  EXPECT_EQ(all()[0].used_at, UnixMillis{50});
  EXPECT_EQ(all()[1].of, kIos);
  EXPECT_EQ(usage_of(kIos).used_at, UnixMillis{60});
}

TEST_P(UsageContract, TheNewestUseCountsWhateverTheOrder) {
  note({{kWeb, {50}}});
  note({{kWeb, {70}}, {kWeb, {60}}});
  note({{kWeb, {40}}});

  EXPECT_EQ(usage_of(kWeb).used_at, UnixMillis{70});
}

TEST_P(UsageContract, AUseMakesNoRevision) {
  const auto before = load("production", 0).snapshot->head();

  note({{kWeb, {50}}});
  advance(kWeb, 1, 60);

  EXPECT_EQ(load("production", 0).snapshot->head(), before);
}

TEST_P(UsageContract, WhatIsGoneHasNoUse) {
  note({{kWeb, {50}}});
  advance(kIos, 1, 55);
  write({erase(platform(1, "web")), erase(platform(2, "ios"))});

  note({{kWeb, {70}}});

  EXPECT_TRUE(all().empty());
  const auto refused = store_->usage().advance("production", kIos, 2, {80});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Errc::not_found);
}

TEST_P(UsageContract, AnUpdateOfTheEntityKeepsItsUse) {
  note({{kWeb, {50}}});
  advance(kWeb, 1, 60);

  write({update(platform(1, "web"), platform(1, "web", false))});

  EXPECT_EQ(usage_of(kWeb).used_at, UnixMillis{60});
  EXPECT_EQ(usage_of(kWeb).generation.number, 2);
}

TEST_P(UsageContract, AGenerationFollowsOnTheNewestOneAlone) {
  const auto second = advance(kWeb, 1, 60);
  const auto again = advance(kWeb, 1, 65);
  const auto third = advance(kWeb, 2, 70);
  const auto ahead = advance(kWeb, 9, 75);

  EXPECT_TRUE(second.taken);
  EXPECT_EQ(second.generation.number, 2);
  EXPECT_EQ(second.generation.at, UnixMillis{60});
  EXPECT_FALSE(again.taken);
  EXPECT_EQ(again.generation.number, 2);
  EXPECT_EQ(again.generation.at, UnixMillis{60}) << "the first one counts";
  EXPECT_TRUE(third.taken);
  EXPECT_EQ(third.generation.number, 3);
  EXPECT_FALSE(ahead.taken);
  EXPECT_EQ(ahead.generation.number, 3);
}

TEST_P(UsageContract, AGenerationIsThereAfterOpeningAgainAndIsAUse) {
  advance(kWeb, 1, 60);

  reopen();

  EXPECT_EQ(usage_of(kWeb).generation.number, 2);
  EXPECT_EQ(usage_of(kWeb).generation.at, UnixMillis{60});
  EXPECT_EQ(usage_of(kWeb).used_at, UnixMillis{60});
  EXPECT_EQ(usage_of(kIos).generation.number, 1);
}

TEST_P(UsageContract, AUseAfterAGenerationKeepsIt) {
  advance(kWeb, 1, 60);
  note({{kWeb, {90}}});

  EXPECT_EQ(usage_of(kWeb).used_at, UnixMillis{90});
  EXPECT_EQ(usage_of(kWeb).generation.number, 2);
  EXPECT_EQ(usage_of(kWeb).generation.at, UnixMillis{60});
}

TEST_P(UsageContract, EnvironmentsAreApart) {
  ASSERT_TRUE(store_->create_environment("staging", sha256("other"), {1'700'000'000'000}).has_value());
  write({create(platform(1, "web"))}, "staging");

  note({{kWeb, {50}}});

  EXPECT_TRUE(all("staging").empty());
  const auto nowhere = store_->usage().note("nowhere", {});
  ASSERT_FALSE(nowhere.has_value());
  EXPECT_EQ(nowhere.error().code, Errc::not_found);
}

}  // namespace togglecast::storage::testing
