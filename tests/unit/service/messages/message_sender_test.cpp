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
