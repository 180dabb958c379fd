// Who gets in, who does not, and when it is over.
#include <gmock/gmock.h>

#include <algorithm>
#include <string>

#include "realtime_fixture.hpp"

namespace togglecast::realtime::testing {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Not;

class Access : public RealtimeTest {
 protected:
  /// The CONNECT_ERROR that this auth object gets.
  json::value refusal(std::string_view nsp, const std::string& auth) {
    EventClient client(port_);
    client.send("0" + std::string(nsp) + "," + auth);
    const std::string text = client.packet();
    const std::string prefix = "4" + std::string(nsp) + ",";
    EXPECT_EQ(text.substr(0, prefix.size()), prefix) << text;
    return json::parse(std::string_view(text).substr(std::min(text.size(), prefix.size())))
        .value_or(json::value());
  }
};

TEST_F(Access, ARefusalSaysWhetherANewTokenWouldHelp) {
  const std::string expired = client_token("short", admin(), R"({"expires_in":60})");
  const std::string client = client_token("acme");
  clock_.advance(std::chrono::minutes{2});

  EXPECT_EQ(refusal("/client", with_token("nonsense")).at("data").at("code"), json::value("token_invalid"));
  EXPECT_EQ(refusal("/client", with_token(expired)).at("data").at("code"), json::value("token_expired"));
  EXPECT_EQ(refusal("/admin", with_token(client)).at("data").at("code"), json::value("forbidden"));
}

// Each with a sentence that says what to do, and one line in the log.
TEST_F(Access, ATokenThatIsEmptyOrInAnotherPlaceIsRefusedAtOnce) {
  const auto said = [&](const std::string& auth) {
    return std::string(refusal("/client", auth).at("message").as_string());
  };

  EXPECT_THAT(said(R"({"token":""})"), HasSubstr("auth.token is empty"));
  for (const std::string name : {"apiKey", "api_key", "accessToken", "jwt", "Authorization"}) {
    EXPECT_THAT(said(R"({")" + name + R"(":"secret"})"),
                AllOf(HasSubstr("auth." + name), HasSubstr("auth.token"), Not(HasSubstr("secret"))));
  }
  for (const std::string query : {"token=secret", "token=", "access_token=secret"}) {
    test::SocketIoClient client(test::HttpClient(port_), "/socket.io/?EIO=4&transport=websocket&" + query);
    const std::string answer = client.join("/client", "{}");
    EXPECT_THAT(answer, AllOf(HasSubstr("44/client,"), HasSubstr("token_invalid"), HasSubstr("URL"),
                              Not(HasSubstr("secret"))));
  }
  EventClient bearer(port_, "Authorization: Bearer\r\n");
  bearer.send("0/client,");
  EXPECT_THAT(bearer.packet(), HasSubstr("has no token"));
  EventClient proxy(port_, "Authorization: Basic dXNlcjpwYXNzd29yZA==\r\n");
  proxy.send("0/client,");
  EXPECT_THAT(proxy.packet(), HasSubstr("0/client,{")) << "it may log in by an event";

  shards_->run_on_all([](net::Shard&) {});
  const auto lines = log_lines();
  const auto logged = std::count_if(lines.begin(), lines.end(), [](const std::string& line) {
    return line.find("login refused") != std::string::npos && line.find("auth.token") != std::string::npos;
  });
  EXPECT_GE(logged, 1);
  EXPECT_LE(logged, 10) << "one line each, of which a few a second are written";
  EXPECT_THAT(lines, Each(Not(HasSubstr("secret"))));
}

TEST_F(Access, AttachmentsBeforeALoginEndTheConnection) {
  const std::string token = client_token("acme");
  auto stranger = connect("/client", "{}");
  stranger.send(R"(51-/client,["client_connect",{"_placeholder":true,"num":0}])");
  EXPECT_EQ(stranger.packet(), "");

  auto client = connect("/client", with_token(token));
  (void)client.event("/client");
  client.send(R"(51-/client,["client_connect",{"_placeholder":true,"num":0}])");
  client.write(test::client_frame({.opcode = 2, .payload = "attached"}));
  EXPECT_EQ(code_of(client.ask("/client", "heartbeat")), "") << "one that is known may send them";
}

TEST_F(Access, AHandshakeHeaderWorksLikeTheAuthObject) {
  EventClient client(port_, "Authorization: Bearer " + client_token("acme") + "\r\n");
  client.send("0/client,");
  (void)client.packet();

  EXPECT_EQ(client.event("/client")[0], json::value("client_connected"));
}

TEST_F(Access, WithoutATokenOneMayOnlyLogIn) {
  const std::string token = client_token("acme");
  auto client = connect("/client", "{}");

  client.send(R"(2/client,1["heartbeat",{}])");
  EXPECT_NE(client.packet().find(R"("code":"unauthenticated")"), std::string::npos);
  client.send(R"(2/client,2["client_connect",{"token":")" + token + R"("}])");
  EXPECT_EQ(client.packet().substr(0, 24), R"(3/client,2[{"client":{"i)");
  client.send(R"(2/client,3["heartbeat",{}])");
  EXPECT_NE(client.packet().find("server_time"), std::string::npos);
}

TEST_F(Access, ALoginByEventOfSomebodyElseIsRefused) {
  const std::string other = client_token("other");
  auto client = connect("/client", with_token(client_token("acme")));
  (void)client.event("/client");

  client.send(R"(2/client,1["client_connect",{"token":")" + other + R"("}])");

  EXPECT_NE(client.packet().find(R"("code":"forbidden")"), std::string::npos);
}

TEST_F(Access, ARevokedTokenEndsTheConnectionForGood) {
  const auto client = create_client(R"({"key":"acme","name":"Acme"})");
  const auto issued = issue_token(client->id);
  const std::string token(issued->token.reveal());
  auto live = connect("/client", with_token(token));
  (void)live.event("/client");

  const auto revoked = service::testing::wait_for<changes::Written>([&](changes::Done done) {
    application_->tokens().revoke(admin(), issued->record.at("id").as_int64(), {}, done);
  });
  ASSERT_TRUE(revoked.has_value());

  EXPECT_EQ(live.next("/client", "session_ended").at(1).at("reason"), json::value("token_revoked"));
  EXPECT_EQ(live.packet(), "1/client,");
  EXPECT_EQ(refusal("/client", with_token(token)).at("data").at("code"), json::value("revoked"));
}

TEST_F(Access, TheLogTellsWhoCameWhatWasRefusedAndWhyItWent) {
  const auto acme = create_client(R"({"key":"acme","name":"Acme"})");
  const auto issued = issue_token(acme->id);
  const std::string token(issued->token.reveal());
  EventClient client(port_);
  client.send("0/client," + with_token(token));
  const auto joined = json::parse(client.packet().substr(std::string_view("0/client,").size()));
  const std::string sid(json::string_or_empty(*joined, "sid"));
  (void)client.event("/client");
  EXPECT_EQ(code_of(client.ask("/client", "no_such_event")), "not_found");
  ASSERT_TRUE(service::testing::wait_for<changes::Written>([&](changes::Done done) {
    application_->tokens().revoke(admin(), issued->record.at("id").as_int64(), {}, done);
  }));
  EXPECT_EQ(client.event("/client")[0], json::value("session_ended"));
  EXPECT_EQ(client.packet(), "1/client,");
  shards_->run_on_all([](net::Shard&) {});  // what the turn that sent it logs has been written

  const std::string sid_field = R"("sid":")" + sid + '"';
  const std::string client_field = R"("client":)" + std::to_string(acme->id);
  const auto line = [&](std::string_view message) -> std::string {
    for (const std::string& one : log_lines())
      if (one.find('"' + std::string(message) + '"') != std::string::npos) return one;
    return {};
  };
  EXPECT_THAT(line("connected"), HasSubstr(sid_field));
  EXPECT_THAT(line("logged in"), AllOf(HasSubstr(sid_field), HasSubstr(client_field)));
  EXPECT_THAT(line("event refused"),
              AllOf(HasSubstr(sid_field), HasSubstr(client_field), HasSubstr("no_such_event")));
  EXPECT_THAT(line("disconnected"), AllOf(HasSubstr(sid_field), HasSubstr(client_field),
                                          HasSubstr("server namespace disconnect"), HasSubstr("revoked")));
  EXPECT_THAT(log_lines(), Each(Not(HasSubstr(token))));
}

TEST_F(Access, AnUnknownEventIsAnsweredWhenAnAnswerIsAskedFor) {
  auto client = connect("/client", with_token(client_token("acme")));
  (void)client.event("/client");

  client.send(R"(2/client,7["no_such_event",{}])");

  const std::string answer = client.packet();
  EXPECT_EQ(answer.substr(0, 10), "3/client,7");
  EXPECT_NE(answer.find(R"("code":"not_found")"), std::string::npos);
}

TEST_F(Access, AnEntityThatIsSubscribedToIsAnsweredWithItsState) {
  const auto platform = create_platform(R"({"key":"web","name":"Web"})");
  auto admin = connect("/admin", with_token(admin_token()));
  (void)admin.event("/admin");

  admin.send(R"(2/admin,["subscribe_entity_updates",{"entity_type":"platform","entity_id":)" +
             std::to_string(platform->id) + "}]");
  const auto reply = admin.event("/admin");
  EXPECT_EQ(reply[0], json::value("entity_subscribed"));
  EXPECT_EQ(reply[1].at("data").at("key"), json::value("web"));

  admin.send(R"(2/admin,1["subscribe_entity_updates",{"entity_type":"platform","entity_id":"1"}])");
  EXPECT_NE(admin.packet().find("/entity_id"), std::string::npos) << "the error names the field";
}

}  // namespace
}  // namespace togglecast::realtime::testing
