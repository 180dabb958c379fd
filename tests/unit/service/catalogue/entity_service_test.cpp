#include "service/catalogue/entity_service.hpp"

#include "unit/service/application_fixture.hpp"

namespace togglecast::service {
namespace {

using domain::Platform;
using domain::Role;

class PlatformServiceTest : public testing::ApplicationTest {
 protected:
  PlatformServiceTest() { open(); }
};

TEST_F(PlatformServiceTest, CreatesWithDefaultsAndAnswersTheWholeEntity) {
  const auto created = create_platform(R"({"key":"web","name":"Web"})");

  ASSERT_TRUE(created.has_value()) << created.error().message;
  EXPECT_TRUE(created->changed);
  EXPECT_EQ(created->revision, 1);
  EXPECT_EQ(
      json::canonical(created->body),
      R"({"config":{},"created_at":"2023-11-14T22:13:20.000Z","description":"","enabled":true,"id":1,)"
      R"("key":"web","maintenance_note":"","name":"Web","revision":1,"updated_at":"2023-11-14T22:13:20.000Z"})");
}

TEST_F(PlatformServiceTest, APatchSetsWhatItNames) {
  create_platform(R"({"key":"web","name":"Web","config":{"a":1,"b":2}})");
  clock_.advance(Milliseconds(5));

  const auto updated = update_platform(1, R"({"name":"Website","config":{"a":3}})");

  ASSERT_TRUE(updated.has_value());
  const auto platform = Platform::from_json(updated->body).value();
  EXPECT_EQ(platform.name, "Website");
  EXPECT_EQ(json::serialize(platform.config), R"({"a":3})");
  EXPECT_TRUE(platform.enabled);
  EXPECT_EQ(platform.revision, 2);
  EXPECT_EQ(platform.created_at.value + 5, platform.updated_at.value);
}

TEST_F(PlatformServiceTest, WhatChangesNothingMakesNoRevision) {
  create_platform(R"({"key":"web","name":"Web","config":{"ratio":1.0}})");

  const auto same = update_platform(1, R"({"name":"Web","config":{"ratio":1},"enabled":true})");
  const auto on = toggle_platform(1, true);

  EXPECT_FALSE(same->changed);
  EXPECT_EQ(same->revision, 1);
  EXPECT_EQ(same->body.at("key"), json::value("web"));
  EXPECT_FALSE(on->changed);
  EXPECT_EQ(current()->revision(), 1);
}

TEST_F(PlatformServiceTest, TogglesToTheOtherSideOrToTheOneNamed) {
  create_platform(R"({"key":"web","name":"Web"})");

  EXPECT_EQ(toggle_platform(1)->body.at("enabled"), json::value(false));
  EXPECT_EQ(toggle_platform(1)->body.at("enabled"), json::value(true));
  EXPECT_EQ(toggle_platform(1, false)->body.at("enabled"), json::value(false));
  EXPECT_FALSE(toggle_platform(1, false)->changed);
}

TEST_F(PlatformServiceTest, DeletesForGoodAndNeverReusesAnId) {
  create_platform(R"({"key":"web","name":"Web"})");

  const auto removed = remove_platform(1);

  ASSERT_TRUE(removed.has_value());
  EXPECT_TRUE(removed->body.is_null());
  EXPECT_EQ(removed->id, 1);
  EXPECT_EQ(application_->platforms().find(admin(), 1).error().code, Errc::not_found);
  EXPECT_EQ(remove_platform(1).error().code, Errc::not_found);
  reopen();
  EXPECT_EQ(create_platform(R"({"key":"web","name":"Web"})")->id, 2);
}

TEST_F(PlatformServiceTest, AKeyIsTakenOnce) {
  create_platform(R"({"key":"web","name":"Web"})");

  const auto again = create_platform(R"({"key":"web","name":"Other"})");

  ASSERT_FALSE(again.has_value());
  EXPECT_EQ(again.error().code, Errc::already_exists);
  EXPECT_EQ(again.error().details.at(0).pointer, "/key");
  EXPECT_EQ(current()->revision(), 1);
}

TEST_F(PlatformServiceTest, ViewersReadAndDoNotChange) {
  create_platform(R"({"key":"web","name":"Web"})");
  const Principal viewer = admin(Role::viewer);

  EXPECT_TRUE(application_->platforms().find(viewer, 1).has_value());
  EXPECT_EQ(create_platform("{}", {}, viewer).error().code, Errc::forbidden);
  EXPECT_EQ(update_platform(1, "{}", {}, viewer).error().code, Errc::forbidden);
  EXPECT_EQ(toggle_platform(1, {}, viewer).error().code, Errc::forbidden);
  EXPECT_EQ(remove_platform(1, viewer).error().code, Errc::forbidden);
  EXPECT_TRUE(toggle_platform(1, {}, admin(Role::editor)).has_value());
}

TEST_F(PlatformServiceTest, AClientIsNoAdmin) {
  Principal client;
  client.kind = Principal::Kind::client;
  client.role = Role::owner;
  client.environment = "production";

  EXPECT_EQ(application_->platforms().list(client, {}).error().code, Errc::forbidden);
  EXPECT_EQ(create_platform(R"({"key":"web","name":"Web"})", {}, client).error().code, Errc::forbidden);
}

TEST_F(PlatformServiceTest, AChangeMayInsistOnTheRevisionItSaw) {
  create_platform(R"({"key":"web","name":"Web"})");
  toggle_platform(1);
  WriteOptions saw_first;
  saw_first.if_match = domain::IfMatch({{1, 1}});
  WriteOptions saw_second;
  saw_second.if_match = domain::IfMatch({{1, 7}, {1, 2}});
  WriteOptions saw_another_history;
  saw_another_history.if_match = domain::IfMatch({{2, 2}});

  EXPECT_EQ(update_platform(1, R"({"name":"X"})", saw_first).error().code, Errc::conflict);
  EXPECT_EQ(update_platform(1, R"({"name":"X"})", saw_another_history).error().code, Errc::conflict);
  EXPECT_TRUE(update_platform(1, R"({"name":"X"})", saw_second).has_value());
}

TEST_F(PlatformServiceTest, ListsByPages) {
  for (const char* key : {"a", "b", "c", "d", "e"})
    create_platform(std::string(R"({"name":"P","key":")") + key + R"("})");
  remove_platform(2);

  const auto first = application_->platforms().list(admin(), {.limit = 2}).value();
  const auto second =
      application_->platforms().list(admin(), {.cursor = first.next_cursor, .limit = 2}).value();

  ASSERT_EQ(first.items.size(), 2U);
  EXPECT_EQ(first.items[1]->key, "c");
  ASSERT_EQ(second.items.size(), 2U);
  EXPECT_EQ(second.items[1]->key, "e");
  EXPECT_EQ(second.next_cursor, "");
  EXPECT_EQ(second.total, 4U);
  EXPECT_EQ(first.snapshot->revision(), 6);
}

TEST_F(PlatformServiceTest, TheLogSaysWhoDidIt) {
  WriteOptions options;
  options.source = changes::Source::socket;
  options.request_id = "r-1";
  create_platform(R"({"key":"web","name":"Web"})", options);

  const auto page = testing::wait_for<ActivityPage>(
      [&](ActivityDone done) { application_->activity().page(admin(), {}, done); });

  ASSERT_EQ(page->entries.size(), 1U);
  EXPECT_EQ(
      json::canonical(page->entries[0]),
      R"({"actor":{"id":1,"kind":"admin","name":"owner","request_id":"r-1","source":"socket"},)"
      R"("changes":[{"after":{"config":{},"created_at":"2023-11-14T22:13:20.000Z","description":"","enabled":true,)"
      R"("id":1,"key":"web","maintenance_note":"","name":"Web"},"before":null,)"
      R"("entity_id":1,"entity_type":"platform","key":"web","name":"Web","type":"create"}],)"
      R"("epoch":1,"revision":1,"source":"socket","summary":"owner created platform Web",)"
      R"("timestamp":"2023-11-14T22:13:20.000Z"})");
}

}  // namespace
}  // namespace togglecast::service
