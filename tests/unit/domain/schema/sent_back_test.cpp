#include "domain/schema/sent_back.hpp"

#include <gtest/gtest.h>

namespace togglecast::domain {
namespace {

json::object object(std::string_view text) { return json::parse(text).value().as_object(); }

const char* const kFeature = R"({"id": 3, "key": "chat", "name": "Chat", "revision": 7, "enabled": true,
    "state": "ENABLED", "created_at": "2026-11-23T08:15:30.042Z", "updated_at": "2026-11-24T08:15:30.042Z",
    "sub_features": [{"key": "voice", "enabled": false, "state": "DISABLED"}]})";

TEST(SentBackBody, LosesReadOnlyMembersThatAreAsBefore) {
  const auto body = without_unchanged(object(kFeature), 1, json::parse(kFeature).value());

  ASSERT_TRUE(body.has_value());
  for (const char* name : {"id", "key", "revision", "created_at", "updated_at", "enabled"})
    EXPECT_FALSE(body->get_object().contains(name)) << name;
  EXPECT_EQ(json::string_or_empty(*body, "name"), "Chat");
}

TEST(SentBackBody, KeepsAReadOnlyMemberThatWasChanged) {
  const auto body =
      without_unchanged(object(kFeature), 1, json::parse(R"({"id": 4, "key": "talk"})").value());

  EXPECT_TRUE(body->get_object().contains("id"));
  EXPECT_TRUE(body->get_object().contains("key"));
}

TEST(SentBackBody, IsAConflictWhenItNamesAnotherRevision) {
  const auto old = without_unchanged(object(kFeature), 1, json::parse(R"({"revision": 6})").value());
  const auto same = without_unchanged(object(kFeature), 1, json::parse(R"({"revision": 7.0})").value());

  ASSERT_FALSE(old.has_value());
  EXPECT_EQ(old.error().code, Errc::conflict);
  EXPECT_EQ(old.error().message, "the body names revision 6, but revision 7 changed this entity last");
  EXPECT_TRUE(same.has_value());
}

TEST(SentBackBody, IsAConflictWhenItHasTheEtagOfAnotherVersion) {
  const auto with_etag = [](const char* etag) {
    return without_unchanged(object(kFeature), 2, json::value{{"etag", etag}, {"name", "Talk"}});
  };

  const auto same = with_etag(R"("2.7")");

  ASSERT_TRUE(same.has_value());
  EXPECT_EQ(same->get_object(), object(R"({"name": "Talk"})"));
  EXPECT_EQ(with_etag(R"("2.6")").error().code, Errc::conflict);
  EXPECT_EQ(with_etag(R"("1.7")").error().message,
            R"(the body has the etag "1.7", but that of the entity is "2.7")");
  for (const char* wrong : {"7", R"("7")", "2.7", ""}) {
    EXPECT_EQ(with_etag(wrong).error().code, Errc::invalid_argument) << wrong;
    EXPECT_EQ(with_etag(wrong).error().details.front().pointer, "/etag") << wrong;
  }
}

TEST(SentBackBody, OfEnabledAndStateTheChangedOneStays) {
  const auto by_enabled = without_unchanged(object(kFeature), 1,
                                            json::parse(R"({"enabled": false, "state": "ENABLED"})").value());
  const auto by_state = without_unchanged(object(kFeature), 1,
                                          json::parse(R"({"enabled": true, "state": "DISABLED"})").value());
  const auto sub = without_unchanged(
      object(kFeature), 1,
      json::parse(R"({"sub_features": [{"key": "voice", "enabled": true, "state": "DISABLED"}]})").value());

  EXPECT_EQ(by_enabled->get_object(), object(R"({"enabled": false})"));
  EXPECT_EQ(by_state->get_object(), object(R"({"state": "DISABLED"})"));
  EXPECT_EQ(sub->get_object(), object(R"({"sub_features": [{"key": "voice", "enabled": true}]})"));
}

}  // namespace
}  // namespace togglecast::domain
