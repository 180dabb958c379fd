#include "service/messages/message_sender.hpp"

#include <gtest/gtest.h>

namespace togglecast::service {
namespace {

json::value json_of(std::string_view text) { return json::parse(text).value(); }

// What a body is refused for: the fields that are named.
template <typename Read>
std::string refused(Read&& read, std::string_view text) {
  const auto value = read(json_of(text));
  if (value) return "";
  std::string pointers;
  for (const auto& issue : value.error().details) pointers += issue.pointer + " ";
  return pointers;
}

TEST(MessageSender, AnAudienceIsAWordAnObjectOrAText) {
  const auto audience = [](std::string_view text) {
    return read_announcement(json_of(R"({"title":"t","message":"m","audience":)" + std::string(text) + "}"))
        .map([](const Announcement& announcement) { return announcement.audience; });
  };

  EXPECT_EQ(audience("null")->kind, Audience::Kind::all);
  EXPECT_EQ(audience("\"admins\"")->kind, Audience::Kind::admins);
  EXPECT_EQ(audience(R"({"package":3})")->kind, Audience::Kind::package);
  EXPECT_EQ(audience("\"package:3\"")->id, 3);
  EXPECT_EQ(audience("\"client:7\"")->kind, Audience::Kind::client);
  EXPECT_EQ(audience(R"({"client":7.0})")->id, 7);
  for (const char* key : {R"("client:acme")", R"({"client":"acme"})", R"({"client":"7"})", R"("client:")"})
    EXPECT_EQ(audience(key).error().details.at(0).reason,
              "must name the client by its id, such as 'client:7'; an audience takes no keys")
        << key;
  for (const auto* wrong : {"7", "\"\"", "\"client:\"", "\"client:0\"", "\"client:-1\"", "\"tenant:1\"", "{}",
                            R"({"client":0})", R"({"client":1.5})", R"({"client":1,"package":2})", "[]"})
    EXPECT_FALSE(audience(wrong).has_value()) << wrong;
}

TEST(MessageSender, AllThatIsWrongIsNamedAtOnce) {
  EXPECT_EQ(refused(read_announcement, R"({"title":"","message":7,"level":"x","audience":1,"colour":"red"})"),
            "/title /message /level /audience /colour ");
  EXPECT_EQ(refused(read_admin_notification, R"({"title":"t","message":"m","admin_id":"1","role":"boss"})"),
            "/admin_id /role ");
  EXPECT_EQ(refused(read_client_notification, R"({"title":"t","message":"m"})"), "/client_id ");
  EXPECT_EQ(refused(read_client_notification, R"({"title":"t","message":"m","client_id":1,"data":[]})"),
            "/data ");
  EXPECT_EQ(refused(read_config_sync, R"({"reason":"","audience":"admins"})"), "/reason /audience ");
  EXPECT_EQ(refused(read_system_status, "{}"), "/status ");
  EXPECT_EQ(refused(read_system_status, R"({"status":null})"), "/status ");
  EXPECT_EQ(refused(read_system_status, R"({"status":"ok","components":{"a":"broken"}})"), "/components ");
  EXPECT_EQ(refused(read_system_status, "[]"), " ");
}

TEST(MessageSender, AMessageMayAskForAnAcknowledgement) {
  const auto wanted = [](const std::string& members) {
    return read_announcement(json_of(R"({"title":"t","message":"m")" + members + "}"))
        .map([](const Announcement& announcement) { return announcement.message.ack; });
  };
  const auto pointers = [](const std::string& members) {
    return refused(read_announcement, R"({"title":"t","message":"m")" + members + "}");
  };

  EXPECT_FALSE(wanted("")->has_value());
  EXPECT_EQ((*wanted(R"(,"ack":"client")"))->by, Acknowledgement::By::client);
  EXPECT_EQ((*wanted(R"(,"ack":"client")"))->retry, std::chrono::seconds(10));
  const auto full = wanted(R"(,"ack":"connection","ttl":60,"retry":5)").value();
  EXPECT_EQ(full->by, Acknowledgement::By::connection);
  EXPECT_EQ(full->ttl, std::chrono::seconds(60));
  EXPECT_EQ(full->retry, std::chrono::seconds(5));
  EXPECT_EQ(pointers(R"(,"ack":"both")"), "/ack ");
  EXPECT_EQ(pointers(R"(,"ttl":60)"), "/ttl ");
  EXPECT_EQ(pointers(R"(,"retry":5,"expires_at":"2030-01-01T00:00:00Z")"), "/expires_at /retry ");
  EXPECT_EQ(pointers(R"(,"ack":"client","ttl":0)"), "/ttl ");
  EXPECT_EQ(pointers(R"(,"ack":"client","ttl":2592001)"), "/ttl ");
  EXPECT_EQ(pointers(R"(,"ack":"client","retry":3601)"), "/retry ");
  EXPECT_EQ(pointers(R"(,"ack":"client","expires_at":"soon")"), "/expires_at ");
  EXPECT_EQ(pointers(R"(,"ack":"client","ttl":1,"expires_at":"2030-01-01T00:00:00Z")"), "/expires_at ");
}

TEST(MessageSender, AMessageExpiresWithinThirtyDays) {
  const UnixMillis now{1'700'000'000'000};
  const auto in = [now](std::int64_t seconds) { return UnixMillis{now.value + seconds * 1'000}; };

  EXPECT_EQ(expiry_of({}, now).value(), in(24 * 3'600));
  EXPECT_EQ(expiry_of({.ttl = std::chrono::seconds(5)}, now).value(), in(5));
  EXPECT_EQ(expiry_of({.expires_at = in(7)}, now).value(), in(7));
  EXPECT_EQ(expiry_of({.expires_at = now}, now).error().details.at(0).pointer, "/expires_at");
  EXPECT_EQ(expiry_of({.expires_at = in(30 * 24 * 3'600 + 1)}, now).error().details.at(0).pointer,
            "/expires_at");
}

TEST(MessageSender, TextsAreBounded) {
  const auto with = [](std::size_t title, std::size_t message) {
    return refused(read_announcement, R"({"title":")" + std::string(title, 't') + R"(","message":")" +
                                          std::string(message, 'm') + "\"}");
  };

  EXPECT_EQ(with(200, 4'000), "");
  EXPECT_EQ(with(201, 4'001), "/title /message ");
  EXPECT_EQ(refused(read_announcement, R"({"title":"two\nlines","message":"two\nlines"})"), "/title ");
}

}  // namespace
}  // namespace togglecast::service
