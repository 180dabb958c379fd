// What one client may take of the server: its connections, and full states asked for again and again.
#include <gmock/gmock.h>

#include <atomic>
#include <string>

#include "realtime_fixture.hpp"
#include "support/eventually.hpp"

namespace togglecast::realtime::testing {
namespace {

constexpr std::string_view kSocketPath = "/socket.io/?EIO=4&transport=websocket";

class ConnectionLimits : public RealtimeTest {
 protected:
  void SetUp() override {
    options_.ring.snapshots = 16;
    realtime_options_.connections_per_client = 2;
    realtime_options_.full_states = {.per_second = 0.000'1, .burst = 3};
    RealtimeTest::SetUp();
  }
  // Joins with this token: the close code with which it was turned away, or 0.
  unsigned turned_away(const std::string& token) {
    test::SocketIoClient newcomer(test::HttpClient(port_), kSocketPath);
    EXPECT_TRUE(newcomer.join("/client", with_token(token)).starts_with("40/client,"));
    while (const auto frame = newcomer.websocket().receive()) {
      if (frame->payload.starts_with("42/client,[\"client_connected\"")) return 0;
      if (frame->opcode == 8 && frame->payload.size() >= 2)
        return static_cast<unsigned char>(frame->payload[0]) << 8U |
               static_cast<unsigned char>(frame->payload[1]);
    }
    ADD_FAILURE() << "neither in nor out";
    return 1;
  }
  EventClient join(const std::string& token) {
    auto client = connect("/client", with_token(token));
    EXPECT_EQ(client.next("/client", "client_connected").size(), 3U);
    return client;
  }
  std::uint64_t refused() {
    return metrics_
        .counter("togglecast_realtime_refusals_total", "Logins refused, by namespace and code.",
                 {{"namespace", "/client"}, {"code", "unavailable"}})
        .value();
  }
};

TEST_F(ConnectionLimits, OneThatHasAsManyAsItMayIsToldToComeBackLater) {
  const std::string token = client_token("acme");
  auto first = join(token);
  auto second = join(token);

  EXPECT_EQ(turned_away(token), 1013U);

  EXPECT_EQ(refused(), 1U);
  EXPECT_EQ(code_of(first.ask("/client", "heartbeat")), "");
  EXPECT_EQ(code_of(second.ask("/client", "heartbeat")), "");
  EXPECT_EQ(turned_away(client_token("globex")), 0U) << "another client's connections are not its own";
}

TEST_F(ConnectionLimits, APlaceThatWasLeftIsTaken) {
  const std::string token = client_token("acme");
  auto first = join(token);
  { auto second = join(token); }

  EXPECT_TRUE(test::eventually([&] { return turned_away(token) == 0; }));
}

TEST_F(ConnectionLimits, WhoLogsInByAnEventIsToldWhyAndToComeBack) {
  const std::string token = client_token("acme");
  auto first = join(token);
  auto second = join(token);
  auto third = connect("/client", "{}");

  EXPECT_EQ(code_of(third.ask("/client", "client_connect", with_token(token))), "unavailable");

  EXPECT_EQ(third.packet(), "") << "closed";
}

TEST_F(ConnectionLimits, AFullStateIsNotHadAgainAndAgain) {
  auto client = join_client("acme");
  auto other = join_client("globex");

  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(code_of(client.ask("/client", "client_connect", R"({"context":{"plan":"gold"}})")), "") << i;
  EXPECT_EQ(code_of(client.ask("/client", "client_connect", R"({"context":{"plan":"gold"}})")),
            "rate_limited");
  EXPECT_EQ(code_of(client.ask("/client", "config_check", R"({"revision":0})")), "rate_limited");

  const auto now = std::to_string(current()->revision());
  EXPECT_TRUE(
      client.ask("/client", "config_check", R"({"revision":)" + now + "}").at("up_to_date").as_bool());
  EXPECT_EQ(code_of(client.ask("/client", "config_check")), "");
  EXPECT_EQ(code_of(other.ask("/client", "config_check", R"({"revision":0})")), "");
}

// Leaving the namespace and joining it again is another way to ask.
TEST_F(ConnectionLimits, AFullStateIsNotHadAgainByJoiningAgain) {
  const std::string token = client_token("acme");
  auto client = connect("/client", with_token(token));
  const auto join_again = [&] {
    client.send("1/client,");
    client.send("0/client," + with_token(token));
    EXPECT_THAT(client.packet(), ::testing::StartsWith("0/client,"));
  };
  for (int i = 0; i < 4; ++i) {
    if (i != 0) join_again();
    EXPECT_EQ(client.event("/client")[0], json::value("client_connected")) << i;
  }

  join_again();
  EXPECT_EQ(client.packet(), "") << "closed, to come back";

  auto by_event = connect("/client", "{}");
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(code_of(by_event.ask("/client", "client_connect", with_token(token))),
              i < 4 ? "" : "rate_limited");
    by_event.send("1/client,");
    by_event.send("0/client,{}");
    EXPECT_THAT(by_event.packet(), ::testing::StartsWith("0/client,"));
  }
}

class PacketLimits : public ConnectionLimits {
 protected:
  void SetUp() override {
    realtime_options_.events = {.per_second = 0.000'1, .burst = 20};
    ConnectionLimits::SetUp();
  }
  // How many of these packets are answered before the connection is closed with 1013.
  int answered(std::string_view packets) {
    test::SocketIoClient client(test::HttpClient(port_), kSocketPath);
    for (int i = 0; i < 40; ++i) client.websocket().send(std::string(packets));
    int answers = 0;
    while (const auto frame = client.websocket().receive()) {
      if (frame->opcode != 8) {
        ++answers;
        continue;
      }
      EXPECT_EQ(frame->payload, "\x03\xf5") << "1013";
      return answers;
    }
    ADD_FAILURE() << "no close frame";
    return answers;
  }
};

TEST_F(PacketLimits, EveryPacketCountsForTheConnection) {
  EXPECT_EQ(answered("40/nowhere,"), 20) << "CONNECT to a namespace that does not exist";
  EXPECT_EQ(answered("40/client,{\"token\":\"bad\"}"), 20) << "a CONNECT that is refused";

  test::SocketIoClient client(test::HttpClient(port_), kSocketPath);
  int joined = 0;
  while (client.send("40/client,{}")) {
    const auto answer = client.receive();
    if (!answer) break;
    EXPECT_THAT(*answer, ::testing::StartsWith("40/client,"));
    ++joined;
    client.send("41/client,");
  }
  EXPECT_EQ(joined, 10) << "each with a DISCONNECT";
}

TEST_F(PacketLimits, ANewNamespaceBringsNoNewAllowance) {
  const std::string token = client_token("acme");
  auto client = connect("/client", with_token(token));
  (void)client.event("/client");
  for (int i = 0; i < 17; ++i) ASSERT_EQ(code_of(client.ask("/client", "config_check")), "") << i;

  client.send("1/client,");
  client.send("0/client," + with_token(token));
  (void)client.next("/client", "client_connected");

  EXPECT_EQ(code_of(client.ask("/client", "config_check")), "rate_limited");
}

class EmptyConnections : public RealtimeTest {
 protected:
  void pass_the_connect_timeout() { shard_clock_.leap(3 * connect_timeout_, *shards_); }
  /// Polls, passes the time while the server holds the poll, and answers what that poll gets.
  std::string poll_over_the_connect_timeout(test::PollingClient& client) {
    client.begin_poll();
    EXPECT_TRUE(test::eventually([&] {
      std::atomic<bool> held{false};
      io_->engine().for_each_session([&](engineio::Session& session, engineio::SessionHandler&) {
        if (session.id() == client.sid() && session.writable()) held = true;
      });
      return held.load();
    }));
    pass_the_connect_timeout();
    return client.end_poll().body;
  }
};

TEST_F(EmptyConnections, AConnectionThatLeftEverythingIsClosed) {
  auto stays = join_client("acme");
  auto leaves = connect("/client", "{}");
  leaves.send("1/client,");
  auto refused = connect("/client", "{}");
  refused.send("1/client,");
  refused.send("0/client,{\"token\":\"bad\"}");
  EXPECT_THAT(refused.packet(), ::testing::StartsWith("4/client,"));
  leaves.send("0/client,{\"token\":\"bad\"}");
  EXPECT_THAT(leaves.packet(), ::testing::StartsWith("4/client,")) << "the server has seen it leave";
  pass_the_connect_timeout();

  EXPECT_EQ(leaves.packet(), "");
  EXPECT_EQ(refused.packet(), "");
  EXPECT_EQ(code_of(stays.ask("/client", "config_check")), "");
}

TEST_F(EmptyConnections, OverPollingToo) {
  test::PollingClient joins_nothing{test::HttpClient(port_), test::HttpClient(port_)};
  EXPECT_EQ(poll_over_the_connect_timeout(joins_nothing), "1");

  test::PollingClient leaves{test::HttpClient(port_), test::HttpClient(port_)};
  ASSERT_EQ(leaves.post("40/client,{}").status, 200);
  EXPECT_THAT(leaves.receive().value_or(""), ::testing::StartsWith("40/client,"));
  ASSERT_EQ(leaves.post("41/client,").status, 200);
  EXPECT_EQ(poll_over_the_connect_timeout(leaves), "1");
}

TEST_F(ConnectionLimits, HeartbeatsInOneTurnAreAnsweredOnceUnlessEachAsksForIt) {
  auto client = join_client("acme");
  std::string many;
  for (int i = 0; i < 500; ++i) many += test::client_text(R"(42/client,["heartbeat",{}])");
  client.write(many);

  EXPECT_EQ(code_of(client.ask("/client", "config_check")), "");
  EXPECT_EQ(code_of(client.ask("/client", "heartbeat")), "");
  std::size_t answers = 0;
  for (auto at = client.transcript().find("heartbeat_ack"); at != std::string::npos;
       at = client.transcript().find("heartbeat_ack", at + 1))
    ++answers;
  EXPECT_GE(answers, 1U);
  EXPECT_LT(answers, 100U);
}

TEST_F(ConnectionLimits, ACheckThatCostsLikeAFullStateIsLimitedLikeOne) {
  auto client = join_client("acme");
  const auto before = std::to_string(current()->revision());
  ASSERT_TRUE(create_platform(R"({"key":"web","name":"Web"})").has_value());
  (void)client.next("/client", "platform_update");
  const auto check = [&](const std::string& argument) {
    return client.ask("/client", "config_check", argument);
  };
  const auto limited = [&] {
    return metrics_.counter("togglecast_realtime_full_states_limited_total", "").value();
  };

  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(check(R"({"revision":)" + before + "}").at("up_to_date"), json::value(false)) << i;
    (void)client.next("/client", "platform_update");
  }
  const auto refused = check(R"({"revision":)" + before + "}");

  EXPECT_EQ(code_of(refused), "rate_limited");
  EXPECT_EQ(limited(), 1U);
  // What follows from what it has been told is free.
  const auto now = std::to_string(current()->revision());
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(check(R"({"revision":)" + now + "}").at("up_to_date").as_bool());
    EXPECT_TRUE(check("{}").at("up_to_date").as_bool());
  }
  EXPECT_EQ(limited(), 1U);
}

TEST_F(ConnectionLimits, WhomNothingConcernedHasMissedNothingHoweverLongAgoItHeard) {
  auto client = join_client("acme");
  const auto heard = current()->revision();
  for (std::size_t i = 0; i < 2 * options_.ring.snapshots; ++i) {
    const auto made = create_client(R"({"key":"c)" + std::to_string(i) + R"(","name":"Other"})");
    ASSERT_TRUE(made.has_value()) << i;
  }

  const auto answer = client.ask("/client", "config_check", R"({"revision":)" + std::to_string(heard) + "}");

  EXPECT_TRUE(answer.at("up_to_date").as_bool());
  EXPECT_EQ(client.transcript().find("config_sync"), std::string::npos);
}

class FewEvents : public ConnectionLimits {
 protected:
  void SetUp() override {
    realtime_options_.events = {.per_second = 0.000'1, .burst = 3};
    ConnectionLimits::SetUp();
  }
};

TEST_F(FewEvents, ReceiptsAndHeartbeatsAreNoneOfThem) {
  auto client = join_client("acme");  // its CONNECT is the first
  const std::string receipt = R"({"revision":)" + std::to_string(current()->revision()) + "}";

  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(code_of(client.ask("/client", "config_ack", receipt)), "") << i;
    EXPECT_EQ(code_of(client.ask("/client", "heartbeat")), "") << i;
  }
  EXPECT_EQ(code_of(client.ask("/client", "config_check")), "");
  EXPECT_EQ(code_of(client.ask("/client", "config_check")), "");
  EXPECT_EQ(code_of(client.ask("/client", "config_check")), "rate_limited");
  EXPECT_EQ(code_of(client.ask("/client", "config_ack", receipt)), "");
}

class SilentConnections : public ConnectionLimits {
 protected:
  void SetUp() override {
    ping_interval_ = Milliseconds{200};
    // Longer than a slow machine lets those wait who do answer.
    realtime_options_.yield_after = Milliseconds{5'000};
    ConnectionLimits::SetUp();
  }
};

TEST_F(SilentConnections, TheOneThatHasNotAnsweredForLongestYields) {
  const std::string token = client_token("acme");
  auto second = join(token);
  test::SocketIoClient silent(test::HttpClient(port_), kSocketPath);
  silent.ignore_pings();
  ASSERT_TRUE(silent.join("/client", with_token(token)).starts_with("40/client,"));
  while (const auto frame = silent.websocket().receive())
    if (frame->payload == "2") break;

  EXPECT_TRUE(test::eventually([&] {
    EXPECT_EQ(code_of(second.ask("/client", "heartbeat")), "") << "it answers pings, too";
    return turned_away(token) == 0;
  }));

  EXPECT_EQ(code_of(second.ask("/client", "heartbeat")), "");
  EXPECT_EQ(silent.receive(), std::nullopt);
  EXPECT_EQ(
      metrics_
          .counter(
              "togglecast_realtime_connections_yielded_total",
              "Connections that did not answer, closed because their client opened more than it may have.")
          .value(),
      1U);
}

class MessagesBeforeTheLogin : public RealtimeTest {
 protected:
  MessagesBeforeTheLogin() { untrusted_payload_ = 8'192; }
  const std::string large_ = R"({"feature":")" + std::string(10'000, 'x') + R"("})";
};

TEST_F(MessagesBeforeTheLogin, AreBoundedUntilTheConnectionIsIn) {
  const std::string context = R"("context":{"note":")" + std::string(4'000, 'n') + R"("})";
  auto by_token = join_client("acme");
  auto by_event = connect("/client", "{}");
  EXPECT_EQ(code_of(by_event.ask("/client", "client_connect",
                                 R"({"token":")" + client_token("globex") + R"(",)" + context + "}")),
            "");
  auto admin = join_admin();
  auto stranger = connect("/client", "{}");

  EXPECT_EQ(code_of(by_token.ask("/client", "feature_check", large_)), "not_found");
  EXPECT_EQ(code_of(by_event.ask("/client", "feature_check", large_)), "not_found");
  EXPECT_EQ(code_of(admin.ask("/admin", "subscribe_entity_updates", large_)), "invalid_argument");
  EXPECT_EQ(stranger.ask("/client", "feature_check", large_), nullptr) << "closed";
}

}  // namespace
}  // namespace togglecast::realtime::testing
