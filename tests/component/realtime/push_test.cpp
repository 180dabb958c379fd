// Every commit reaches those it concerns: what they are told, in which form, and what they are not told.
#include <string>

#include "realtime_fixture.hpp"

namespace togglecast::realtime::testing {
namespace {

class Push : public RealtimeTest {};

TEST_F(Push, AClientSeesItsPlatformsAtOnceAndASwitchWhenItIsCommitted) {
  const auto platform = create_platform(R"({"key":"web","name":"Web","config":{"theme":"dark"}})");
  ASSERT_TRUE(platform.has_value());
  auto client = connect("/client", with_token(client_token("acme")));

  const auto connected = client.event("/client");
  ASSERT_EQ(connected.size(), 3U);
  EXPECT_EQ(domain::parse_offset(connected[2].as_string()), current()->offset());
  EXPECT_EQ(connected[0], json::value("client_connected"));
  const auto& view = connected[1].as_object();
  EXPECT_EQ(view.at("client").at("key"), json::value("acme"));
  EXPECT_TRUE(view.at("package").is_null());
  EXPECT_EQ(view.at("features"), json::value(json::array{}));
  EXPECT_EQ(json::canonical(view.at("platforms")), R"([{"config":{"theme":"dark"},"enabled":true,"id":)" +
                                                       std::to_string(platform->id) +
                                                       R"(,"key":"web","name":"Web"}])");

  ASSERT_TRUE(toggle_platform(platform->id, false).has_value());
  const auto update = client.event("/client");
  ASSERT_EQ(update.size(), 3U);
  EXPECT_EQ(update[0], json::value("platform_update"));
  const auto& payload = update[1].as_object();
  EXPECT_EQ(payload.at("type"), json::value("toggle"));
  EXPECT_EQ(payload.at("platform_id").as_int64(), platform->id);
  EXPECT_EQ(payload.at("data").at("enabled"), json::value(false));
  EXPECT_EQ(payload.at("more"), json::value(false));
  EXPECT_EQ(payload.at("revision").as_int64(), current()->revision());
  EXPECT_EQ(payload.at("timestamp"), json::value(to_iso8601(current()->as_of())));
  EXPECT_EQ(payload.count("actor"), 0U) << "who did it is not for tenants";
  EXPECT_EQ(update[2], json::value(domain::to_string(current()->offset())));
}

TEST_F(Push, AnAdminSeesTheWholeEntityAndWhoChangedIt) {
  auto admin = connect("/admin", with_token(admin_token()));
  const auto connected = admin.event("/admin");
  EXPECT_EQ(connected[0], json::value("admin_connected"));
  EXPECT_EQ(connected[1].at("admin").at("username"), json::value("owner"));
  EXPECT_EQ(connected[1].at("environment"), json::value("production"));

  const auto platform = create_platform(R"({"key":"web","name":"Web","description":"The site"})");
  const auto update = admin.event("/admin");
  EXPECT_EQ(update[0], json::value("platform_update"));
  EXPECT_EQ(update[1].at("type"), json::value("create"));
  EXPECT_EQ(update[1].at("data").at("description"), json::value("The site"));
  EXPECT_EQ(update[1].at("actor").at("name"), json::value("owner"));
  ASSERT_EQ(update.size(), 3U);

  ASSERT_TRUE(remove_platform(platform->id).has_value());
  const auto gone = admin.next("/admin", "platform_update");
  EXPECT_EQ(gone[1].at("type"), json::value("delete"));
  EXPECT_TRUE(gone[1].at("data").is_null());
}

TEST_F(Push, WithoutOffsetsHandlersTakeExactlyOneArgument) {
  const auto platform = create_platform(R"({"key":"web","name":"Web"})");
  const std::string token = client_token("acme");
  auto client = connect("/client", R"({"offsets":false,"token":")" + token + R"("})");
  EXPECT_EQ(client.event("/client").size(), 2U);

  ASSERT_TRUE(toggle_platform(platform->id, false).has_value());

  EXPECT_EQ(client.event("/client").size(), 2U);
}

TEST_F(Push, AnInactiveClientStaysWithEverythingOff) {
  ASSERT_TRUE(create_platform(R"({"key":"web","name":"Web"})").has_value());
  auto client = connect("/client", with_token(client_token("acme")));
  (void)client.event("/client");

  const auto updated = service::testing::wait_for<changes::Written>([&](changes::Done done) {
    application_->clients().update(admin(), last_client_, service::testing::parse(R"({"active":false})"), {},
                                   done);
  });
  ASSERT_TRUE(updated.has_value());

  const auto itself = client.event("/client");
  ASSERT_EQ(itself.size(), 2U) << "the offset stands behind the last event of the batch";
  EXPECT_EQ(itself[0], json::value("client_update"));
  EXPECT_EQ(itself[1].at("data").at("active"), json::value(false));
  EXPECT_EQ(itself[1].at("more"), json::value(true));
  const auto update = client.event("/client");
  EXPECT_EQ(update[0], json::value("platform_update"));
  EXPECT_EQ(update[1].at("data").at("enabled"), json::value(false));
}

TEST_F(Push, AClientHearsOfItsNameAndOfTheAttributesThatItMaySee) {
  auto client = connect("/client", with_token(client_token("acme")));
  EXPECT_EQ(client.event("/client")[1].at("client").at("attributes"), json::value(json::object{}));
  const auto set = [&](std::string_view body) {
    const auto done = service::testing::wait_for<changes::Written>([&](changes::Done answer) {
      application_->clients().update(admin(), last_client_, service::testing::parse(std::string(body)), {},
                                     answer);
    });
    ASSERT_TRUE(done.has_value()) << done.error().message;
  };

  set(R"({"attributes":{"tier":"gold","credit":7}})");
  set(R"({"visible_attributes":["tier"]})");
  const auto first = client.event("/client");
  set(R"({"name":"Acme Ltd"})");
  const auto second = client.event("/client");

  ASSERT_EQ(first.size(), 3U) << "nothing came of attributes that it may not see";
  EXPECT_EQ(first[0], json::value("client_update"));
  EXPECT_EQ(first[1].at("type"), json::value("update"));
  EXPECT_EQ(json::canonical(first[1].at("data").at("attributes")), R"({"tier":"gold"})");
  EXPECT_EQ(first[1].at("more"), json::value(false));
  EXPECT_FALSE(first[1].as_object().contains("entity_type"));
  EXPECT_EQ(second[1].at("data").at("name"), json::value("Acme Ltd"));
  EXPECT_EQ(second[2], json::value(domain::to_string(current()->offset())));
  EXPECT_EQ(client.transcript().find("credit"), std::string::npos);
}

TEST_F(Push, AConnectionThatDoesNotReadIsAdvancedOverAllItMissedWhenItReadsAgain) {
  const auto platform = create_platform(R"({"key":"web","name":"Web"})");
  EventClient slow(port_, {}, 4096);
  slow.send("0/client," + with_token(client_token("acme")));
  (void)slow.packet();
  (void)slow.event("/client");

  // More than the kernel holds for it; in between the state goes on.
  const std::string big(30'000, 'x');
  constexpr int kChanges = 400;
  for (int i = 0; i < kChanges; ++i) {
    const std::string body = R"({"config":{"big":")" + big + R"(","n":)" + std::to_string(i) + "}}";
    ASSERT_TRUE(update_platform(platform->id, body).has_value());
  }

  int heard = 0;
  std::int64_t last = -1;
  while (last != kChanges - 1) {
    const auto update = slow.event("/client");
    ASSERT_EQ(update.size(), 3U) << "the connection ended after " << heard;
    const std::int64_t n = update[1].at("data").at("config").at("n").as_int64();
    ASSERT_GT(n, last) << "never back in time";
    last = n;
    ++heard;
  }
  EXPECT_LT(heard, kChanges) << "what came while it was busy is merged, not queued";
}

}  // namespace
}  // namespace togglecast::realtime::testing
