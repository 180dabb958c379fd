// What the writer lets in and what it refuses, of features, segments, packages and clients.
#include "service/catalogue/entity_builds.hpp"

#include <gtest/gtest.h>

#include <map>
#include <thread>

#include "unit/service/application_fixture.hpp"

namespace togglecast::service {
namespace {

using domain::Id;
using domain::Kind;
using testing::parse;
using testing::wait_for;

class EntityBuildsTest : public testing::ApplicationTest {
 protected:
  void SetUp() override { open(); }

  template <typename Service>
  Result<changes::Written> create(Service& service, std::string_view body, const Principal& who = admin()) {
    return wait_for<changes::Written>(
        [&](changes::Done done) { service.create(who, parse(body), {}, done); });
  }
  template <typename Service>
  Result<changes::Written> update(Service& service, Id id, std::string_view body,
                                  const WriteOptions& options = {}) {
    return wait_for<changes::Written>(
        [&](changes::Done done) { service.update(admin(), id, parse(body), options, done); });
  }
  template <typename Service>
  Result<changes::Written> remove(Service& service, Id id, bool force = false) {
    WriteOptions options;
    options.force = force;
    return wait_for<changes::Written>(
        [&](changes::Done done) { service.remove(admin(), id, options, done); });
  }
  Id feature(const std::string& key, const std::string& more = "") {
    const auto written =
        create(application_->features(), R"({"key":")" + key + R"(","name":"F")" + more + "}");
    EXPECT_TRUE(written.has_value()) << written.error().message;
    return written ? written->id : 0;
  }
  static std::map<std::string, std::string> issues(const Result<changes::Written>& written) {
    std::map<std::string, std::string> found;
    if (!written)
      for (const auto& issue : written.error().details) found[issue.pointer] = issue.reason;
    return found;
  }
};

TEST_F(EntityBuildsTest, AFeatureSurvivesARestartWithItsRules) {
  const Id chat = feature(
      "chat", R"(,"targeting":{"if":[{"var":"client.beta"},"on","off"]},"sub_features":[{"key":"emoji"}])");

  reopen();

  const auto state = current();
  EXPECT_NE(state->feature(chat)->flag.program(), nullptr);
  EXPECT_EQ(state->find<domain::Feature>(chat)->sub_features[0].key, "emoji");
}

TEST_F(EntityBuildsTest, WhatIsNamedMustExistAtTheMomentOfTheWrite) {
  EXPECT_EQ(
      issues(create(application_->packages(), R"({"key":"pro","name":"Pro","features":[{"feature_id":9}]})"))
          .at("/features/0/feature_id"),
      "there is no feature 9");
  EXPECT_EQ(issues(create(application_->clients(), R"({"key":"acme","name":"Acme","package_id":3})"))
                .at("/package_id"),
            "there is no package 3");
  EXPECT_EQ(current()->revision(), 0);
}

TEST_F(EntityBuildsTest, TwoWritersCannotBuildACircle) {
  const Id a = feature("a");
  const Id b = feature("b");
  const auto require = [this](Id from, Id to) {
    return update(application_->features(), from, R"({"requires":[)" + std::to_string(to) + "]}");
  };

  Result<changes::Written> first = fail(Errc::internal, "not yet");
  Result<changes::Written> second = first;
  std::thread one([&] { first = require(a, b); });
  std::thread other([&] { second = require(b, a); });
  one.join();
  other.join();

  EXPECT_NE(first.has_value(), second.has_value()) << "exactly one of them";
  EXPECT_EQ(issues(first.has_value() ? second : first).count("/requires"), 1U);
}

TEST_F(EntityBuildsTest, WhatOthersUseIsDeletedByForceOnly) {
  const Id chat = feature("chat");
  const Id top = feature("top", R"(,"requires":[)" + std::to_string(chat) + "]");
  const std::string body =
      R"({"key":"pro","name":"Pro","features":[{"feature_id":)" + std::to_string(chat) + "}]}";
  const Id pro = create(application_->packages(), body)->id;
  const Id acme = create(application_->clients(),
                         R"({"key":"acme","name":"Acme","package_id":)" + std::to_string(pro) +
                             R"(,"overrides":[{"feature_id":)" + std::to_string(chat) + R"(,"value":true}]})")
                      ->id;

  const auto refused = remove(application_->features(), chat);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Errc::conflict);
  EXPECT_NE(refused.error().message.find("is used by feature 'top', package 'pro', client 'acme'"),
            std::string::npos)
      << refused.error().message;

  const auto before = current()->revision();
  ASSERT_TRUE(remove(application_->features(), chat, true).has_value());
  const auto state = current();
  EXPECT_EQ(state->revision(), before + 1) << "all in one change";
  EXPECT_TRUE(state->find<domain::Package>(pro)->plan.features.empty());
  EXPECT_TRUE(state->find<domain::Client>(acme)->overrides.empty());
  EXPECT_EQ(state->find<domain::Feature>(top)->required, std::vector<Id>{chat}) << "off, not suddenly on";

  ASSERT_FALSE(remove(application_->packages(), pro).has_value());
  ASSERT_TRUE(remove(application_->packages(), pro, true).has_value());
  EXPECT_EQ(current()->find<domain::Client>(acme)->package_id, std::nullopt);
}

TEST_F(EntityBuildsTest, TogglesSwitchWhatBelongsToTheKind) {
  const Id chat = feature("chat", R"(,"sub_features":[{"key":"emoji"}])");
  const Id pro = create(application_->packages(), R"({"key":"pro","name":"Pro"})")->id;
  const Id acme = create(application_->clients(), R"({"key":"acme","name":"Acme"})")->id;
  const auto toggle = [](auto& service, Id id) {
    return wait_for<changes::Written>(
        [&](changes::Done done) { service.toggle(admin(), id, std::nullopt, {}, done); });
  };

  EXPECT_EQ(toggle(application_->features(), chat)->body.at("state"), json::value("DISABLED"));
  EXPECT_EQ(toggle(application_->packages(), pro)->body.at("available"), json::value(false));
  EXPECT_EQ(toggle(application_->clients(), acme)->body.at("active"), json::value(false));
  const auto sub = wait_for<changes::Written>([&](changes::Done done) {
    application_->features().toggle_sub_feature(admin(), chat, "emoji", false, {}, done);
  });
  EXPECT_EQ(sub->body.at("sub_features").at(0).at("enabled"), json::value(false));
  const auto nobody = wait_for<changes::Written>([&](changes::Done done) {
    application_->features().toggle_sub_feature(admin(), chat, "voice", false, {}, done);
  });
  EXPECT_EQ(nobody.error().code, Errc::not_found);
}

TEST_F(EntityBuildsTest, AnOverrideHasTheFeaturesTypeAndEndsInTheFuture) {
  const Id chat = feature("chat");
  const Id acme = create(application_->clients(), R"({"key":"acme","name":"Acme"})")->id;
  const auto set = [&](std::string_view body) {
    return wait_for<changes::Written>([&](changes::Done done) {
      application_->clients().set_override(admin(), acme, chat, parse(body), {}, done);
    });
  };

  EXPECT_EQ(issues(set(R"({"value":"yes"})")).count("/value"), 1U);
  EXPECT_EQ(issues(set(R"({"value":true,"expires_at":"2001-01-01T00:00:00Z"})")).at("/expires_at"),
            "must be in the future");
  EXPECT_EQ(issues(set("{}")).count("/value"), 1U);
  ASSERT_TRUE(set(R"({"value":true,"reason":"trial","expires_at":"2999-01-01T00:00:00Z"})").has_value());
  ASSERT_TRUE(set(R"({"removed":true})").has_value()) << "in place of the other";
  ASSERT_EQ(current()->find<domain::Client>(acme)->overrides.size(), 1U);
  EXPECT_TRUE(current()->find<domain::Client>(acme)->overrides[0].removed);

  const auto removed = wait_for<changes::Written>(
      [&](changes::Done done) { application_->clients().remove_override(admin(), acme, chat, {}, done); });
  EXPECT_TRUE(removed.has_value());
  const auto again = wait_for<changes::Written>(
      [&](changes::Done done) { application_->clients().remove_override(admin(), acme, chat, {}, done); });
  EXPECT_EQ(again.error().code, Errc::not_found);
}

TEST_F(EntityBuildsTest, ViewersChangeNothing) {
  const auto refused =
      create(application_->features(), R"({"key":"a","name":"A"})", admin(domain::Role::viewer));

  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Errc::forbidden);
  EXPECT_EQ(refused.error().message, "the role viewer may not change features; it takes editor");
}

}  // namespace
}  // namespace togglecast::service
