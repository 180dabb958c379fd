// The part of the contract of every store that is about what was fetched from other servers.
#pragma once

#include <string>
#include <vector>

#include "unit/storage/store_contract.hpp"

namespace togglecast::storage::testing {

// Any kind of entity will do.
class FetchedContract : public StoreContract {
 protected:
  static constexpr UsedEntity kWeb{domain::Kind::platform, 1};
  static constexpr UsedEntity kIos{domain::Kind::platform, 2};

  FetchedContract() { write({create(platform(1, "web")), create(platform(2, "ios"))}); }

  void keep(const UsedEntity& of, const std::string& text, std::int64_t at) {
    const auto done = store_->fetched().keep("production", {of, "https://id.example/keys", text, {at}});
    EXPECT_TRUE(done.has_value()) << done.error().message;
  }
  std::vector<Fetched> all(const std::string& environment = "production") {
    return store_->open_reader().value()->fetched().all(environment).value();
  }
};

TEST_P(FetchedContract, ATextIsThereAfterOpeningAgain) {
  EXPECT_TRUE(all().empty());
  const std::string text(200'000, 'k');
  keep(kIos, "{\"keys\":[\"ä\"]}", 60);
  keep(kWeb, text, 50);

  reopen();

  const auto kept = all();
  ASSERT_EQ(kept.size(), 2U);
  EXPECT_EQ(kept[0].of, kWeb);
  EXPECT_EQ(kept[0].text, text);
  EXPECT_EQ(kept[1].of, kIos);
  EXPECT_EQ(kept[1].source, "https://id.example/keys");
  EXPECT_EQ(kept[1].text, "{\"keys\":[\"ä\"]}");
  EXPECT_EQ(kept[1].at, UnixMillis{60});
}

TEST_P(FetchedContract, TheNewestOneCounts) {
  keep(kWeb, "first", 50);
  keep(kWeb, "second", 60);
  keep(kWeb, "of a node that is late", 55);

  const auto kept = all();
  ASSERT_EQ(kept.size(), 1U);
  EXPECT_EQ(kept[0].text, "second");
  EXPECT_EQ(kept[0].at, UnixMillis{60});
}

TEST_P(FetchedContract, ItIsNoChangeAndGoesWithItsEntity) {
  keep(kWeb, "text", 50);
  EXPECT_EQ(load("production", 1).snapshot->revision(), 1);

  write({update(platform(1, "web"), platform(1, "web", false))});
  EXPECT_EQ(all().size(), 1U);
  write({erase(platform(1, "web", false))});

  EXPECT_TRUE(all().empty());
  keep(kWeb, "text", 60);
  EXPECT_TRUE(all().empty()) << "of an entity that is gone";
}

TEST_P(FetchedContract, EnvironmentsAreApart) {
  ASSERT_TRUE(store_->create_environment("staging", sha256("other"), {1'700'000'000'000}).has_value());
  keep(kWeb, "text", 50);

  EXPECT_TRUE(all("staging").empty());
  const auto nowhere = store_->fetched().keep("nowhere", {kWeb, "", "", {}});
  ASSERT_FALSE(nowhere.has_value());
  EXPECT_EQ(nowhere.error().code, Errc::not_found);
}

}  // namespace togglecast::storage::testing
