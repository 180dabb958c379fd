#include "unit/service/application_fixture.hpp"

namespace togglecast::service {
namespace {

using Keys = testing::ApplicationTest;

TEST_F(Keys, DifferInMoreThanCaseWhenTheyAreNew) {
  open();
  ASSERT_TRUE(create_platform(R"({"key": "webShop", "name": "Web"})").has_value());

  const auto same = create_platform(R"({"key": "webShop", "name": "Web"})");
  const auto other_case = create_platform(R"({"key": "Webshop", "name": "Web"})");
  const auto another = create_platform(R"({"key": "web-shop", "name": "Web"})");

  ASSERT_FALSE(same.has_value());
  EXPECT_EQ(same.error().details.at(0).reason, "is taken");
  ASSERT_FALSE(other_case.has_value());
  EXPECT_EQ(other_case.error().code, Errc::already_exists);
  EXPECT_EQ(other_case.error().details.at(0).reason, "differs from 'webShop' in upper and lower case alone");
  EXPECT_TRUE(another.has_value());
}

TEST_F(Keys, ACopyIgnoresTheStampsOfItsOriginal) {
  open();

  const auto made = create_platform(
      R"({"id": 99, "revision": 99, "created_at": "x", "updated_at": "y", "key": "copy", "name": "Copy"})");

  ASSERT_TRUE(made.has_value());
  EXPECT_EQ(made->id, 1);
}

TEST_F(Keys, AnEntityMayBeSentBackAsItWasRead) {
  open();
  const auto made = create_platform(R"({"key": "web", "name": "Web"})");
  ASSERT_TRUE(made.has_value());
  json::object body = made->body.as_object();
  body["name"] = "Web shop";

  const auto changed = update_platform(made->id, json::serialize(body));
  const auto again =
      update_platform(made->id, json::serialize(body));  // its revision is no longer the newest

  ASSERT_TRUE(changed.has_value()) << changed.error().message;
  EXPECT_EQ(json::string_or_empty(changed->body, "name"), "Web shop");
  ASSERT_FALSE(again.has_value());
  EXPECT_EQ(again.error().code, Errc::conflict);
}

}  // namespace
}  // namespace togglecast::service
