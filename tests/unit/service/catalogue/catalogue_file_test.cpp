#include "service/catalogue/catalogue_file.hpp"

#include "unit/service/application_fixture.hpp"

namespace togglecast::service {
namespace {

using domain::Client;
using domain::Feature;
using domain::Package;
using testing::parse;
using testing::wait_for;

constexpr const char* kFile = R"({
  "about": "a comment",
  "platforms": [{"key": "web", "name": "Web"}, {"key": "tv", "name": "TV"}],
  "segments": [{"key": "europe", "name": "Europe", "rule": {"in": [{"var": "client.region"}, ["de", "fr"]]}}],
  "features": [
    {"key": "search", "name": "Search", "sub_features": [{"key": "voice", "name": "Voice"}]},
    {"key": "sale", "name": "Sale", "platforms": ["tv"], "requires": ["search"],
     "targeting": {"if": [{">=": [{"var": "$flagd.timestamp"}, {"$in_days": 2}]}, "on", "off"]}}
  ],
  "packages": [{"key": "pro", "name": "Pro", "platforms": ["web", "tv"],
                "features": {"search": {"limit": 5, "sub_features": ["voice"]}, "sale": {}}}],
  "clients": [
    {"key": "acme", "name": "Acme", "package": "pro",
     "overrides": {"sale": {"value": true, "reason": "Trial", "expires_in_days": 14}, "search": {"removed": true}}},
    {"key": "beta", "name": "Beta"}
  ]
})";

class CatalogueFileTest : public testing::ApplicationTest {
 protected:
  CatalogueFileTest() { options_.first_catalogue = parse(kFile); }

  // The message that a start with that file ends with.
  std::string refusal_of(std::string_view file) {
    auto store = storage::sqlite::SqliteStore::open(folder_.path() / "data");
    options_.first_catalogue = parse(file);
    options_.first_owner_password = []() -> Result<Secret> { return Secret(std::string(kPassword)); };
    const auto application = Application::open(std::move(*store), options_, clock_, random_, log_, metrics_);
    return application ? "" : application.error().message;
  }
};

TEST_F(CatalogueFileTest, FillsAnEmptyEnvironmentInOneRevision) {
  open();

  EXPECT_TRUE(application_->made_first_catalogue());
  EXPECT_EQ(current()->revision(), 1);
  EXPECT_EQ(current()->table<domain::Platform>().by_id.size(), 2U);
  EXPECT_EQ(current()->table<Client>().by_id.size(), 2U);
  const auto page =
      wait_for<ActivityPage>([&](ActivityDone done) { application_->activity().page(admin(), {}, done); });
  ASSERT_EQ(page->entries.size(), 1U);
  EXPECT_EQ(page->entries.at(0).at("source"), "start");
  EXPECT_EQ(page->entries.at(0).at("actor").at("kind"), "system");
}

TEST_F(CatalogueFileTest, DaysAreIntegersByTheirValue) {
  std::string file = kFile;
  file.replace(file.find("\"expires_in_days\": 14"), 21, "\"expires_in_days\": 1.4e1");
  file.replace(file.find("\"$in_days\": 2"), 13, "\"$in_days\": 2.0");
  options_.first_catalogue = parse(file);
  open();

  const std::int64_t now = clock_.wall_now().value;
  constexpr std::int64_t kDay = 86'400'000;
  const auto acme = current()->find_by_key<Client>("acme");
  const auto sale = current()->find_by_key<Feature>("sale");
  EXPECT_EQ(find_override(acme->overrides, sale->id)->expires_at, (UnixMillis{now + 14 * kDay}));
  EXPECT_NE(json::serialize(current()->body(domain::Kind::feature, sale->id))
                .find(std::to_string((now + 2 * kDay) / 1'000)),
            std::string::npos);
}

TEST_F(CatalogueFileTest, DaysAreWholeAndWithinAHundredYears) {
  for (const char* days : {"1.5", "36501", "1e300", "\"14\""}) {
    std::string file = kFile;
    file.replace(file.find("\"expires_in_days\": 14"), 21, std::string("\"expires_in_days\": ") + days);
    EXPECT_NE(refusal_of(file).find("expires_in_days must be a whole number, at most 36500"),
              std::string::npos)
        << days;
  }
}

TEST_F(CatalogueFileTest, KeysBecomeIds) {
  open();

  const auto sale = current()->find_by_key<Feature>("sale");
  const auto search = current()->find_by_key<Feature>("search");
  const auto pro = current()->find_by_key<Package>("pro");
  const auto acme = current()->find_by_key<Client>("acme");
  ASSERT_TRUE(sale && search && pro && acme);
  EXPECT_EQ(sale->required, std::vector<domain::Id>{search->id});
  EXPECT_EQ(sale->platforms, std::vector<domain::Id>{current()->find_by_key<domain::Platform>("tv")->id});
  EXPECT_EQ(pro->plan.features.size(), 2U);
  EXPECT_EQ(pro->plan.platforms.size(), 2U);
  EXPECT_EQ(acme->package_id, pro->id);
  EXPECT_TRUE(find_override(acme->overrides, search->id)->removed);
}

TEST_F(CatalogueFileTest, TimesCountFromTheStart) {
  open();

  const std::int64_t now = clock_.wall_now().value;
  constexpr std::int64_t kDay = 86'400'000;
  const auto acme = current()->find_by_key<Client>("acme");
  const auto sale = current()->find_by_key<Feature>("sale");
  EXPECT_EQ(find_override(acme->overrides, sale->id)->expires_at, (UnixMillis{now + 14 * kDay}));
  EXPECT_NE(json::serialize(current()->body(domain::Kind::feature, sale->id))
                .find(std::to_string((now + 2 * kDay) / 1'000)),
            std::string::npos);
}

TEST_F(CatalogueFileTest, LeavesWhatIsThereAlone) {
  open();
  clock_.advance(std::chrono::hours(1));
  reopen();

  EXPECT_FALSE(application_->made_first_catalogue());
  EXPECT_EQ(current()->revision(), 1);
}

TEST_F(CatalogueFileTest, OneEntityIsEnoughToBeLeftAlone) {
  options_.first_catalogue.reset();
  open();
  create_client(R"({"key":"mine","name":"Mine"})");
  options_.first_catalogue = parse(kFile);
  reopen();

  EXPECT_FALSE(application_->made_first_catalogue());
  EXPECT_EQ(current()->revision(), 1);
}

TEST_F(CatalogueFileTest, WhatIsWrongIsNamedByItsPlace) {
  EXPECT_EQ(refusal_of(R"({"features":[{"key":"a","name":"A"},{"key":"b","name":"B","requires":["c"]}]})"),
            "/features/1: there is no feature 'c' earlier in the file");
  EXPECT_EQ(refusal_of(R"({"platforms":[{"key":"a","name":"A"},{"key":"a","name":"B"}]})"),
            "/platforms/1: the key 'a' appears twice; use another key");
  EXPECT_EQ(refusal_of(R"({"clients":[{"key":"a","name":"A","package":"pro"}]})"),
            "/clients/0: there is no package 'pro' earlier in the file");
  EXPECT_EQ(refusal_of(R"({"clients":[{"key":"a"}]})"), "/clients/0/name is required");
}

}  // namespace
}  // namespace togglecast::service
