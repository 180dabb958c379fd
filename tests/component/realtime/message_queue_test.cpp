// What waits for a connection that does not read: answers and messages up to their limit, then the end.
#include <string>

#include "realtime_fixture.hpp"
#include "support/eventually.hpp"

namespace togglecast::realtime::testing {
namespace {

class MessageQueues : public RealtimeTest {
 protected:
  // These tests fill queues; what a connection asks for while much waits would otherwise not be read.
  MessageQueues() {
    unread_bytes_ = 64 * 1024 * 1024;
    realtime_options_.reader_patience = Milliseconds{0};
  }
  std::uint64_t overflows(const std::string& nsp) {
    return metrics_
        .counter("togglecast_realtime_overflows_total",
                 "Connections closed because too many messages waited for them.", {{"namespace", nsp}})
        .value();
  }
  std::uint64_t events_of_clients() {
    return metrics_
        .counter("togglecast_realtime_events_total", "Events received, by namespace.",
                 {{"namespace", "/client"}})
        .value();
  }
  std::uint64_t delivered() {
    return metrics_.counter("togglecast_push_delivered_total", "Batches handed to connections.").value();
  }
  void create_large_platforms(std::size_t bytes = 30'000) {
    for (int i = 0; i < 30; ++i) {
      const std::string config(bytes, 'x');
      ASSERT_TRUE(create_platform(R"({"key":"p)" + std::to_string(i) + R"(","name":"P","config":{"big":")" +
                                  config + R"("}})")
                      .has_value());
    }
  }
  /// Asks a hundred times for all since `revision` before it reads any of it.
  void check_without_reading(EventClient& client, domain::Revision revision) {
    constexpr int kChecks = 100;
    const auto before = events_of_clients();
    for (int i = 0; i < kChecks; ++i)
      client.emit("/client", "config_check", R"({"revision":)" + std::to_string(revision) + "}");
    ASSERT_TRUE(test::eventually([&] { return events_of_clients() == before + kChecks; }));
  }
  static std::size_t times(std::string_view text, std::string_view word) {
    std::size_t found = 0;
    for (auto at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) ++found;
    return found;
  }
};

TEST_F(MessageQueues, AConnectionThatAsksAndDoesNotReadIsClosedAndNobodyElse) {
  const std::string config(20'000, 'x');
  const auto platform = create_platform(R"({"key":"web","name":"Web","config":{"big":")" + config + R"("}})");
  const std::string about = R"({"entity_type":"platform","entity_id":)" + std::to_string(platform->id) + "}";
  const std::string token = admin_token();
  auto bystander = join_admin(token);
  EventClient lazy(port_, {}, 4'096);
  lazy.send("0/admin," + with_token(token));

  for (int i = 0; i < 200; ++i) lazy.emit("/admin", "subscribe_entity_updates", about);  // 4 MB of answers

  EXPECT_TRUE(test::eventually([&] { return overflows("/admin") == 1; }));
  EXPECT_EQ(code_of(bystander.ask("/admin", "request_system_metrics")), "");
  while (!lazy.packet().empty()) {
  }
  EXPECT_EQ(overflows("/admin"), 1U) << "counted once";
}

TEST_F(MessageQueues, AConnectionThatDoesNotPollIsClosedLikewise) {
  test::PollingClient lazy{test::HttpClient(port_), test::HttpClient(port_)};
  ASSERT_EQ(lazy.post("40/admin," + with_token(admin_token())).status, 200);
  while (lazy.receive().value_or("admin_connected").find("admin_connected") == std::string::npos) {
  }

  create_large_platforms(15'000);  // the activity of each is a message

  EXPECT_TRUE(test::eventually([&] { return overflows("/admin") == 1; }));
  auto bystander = join_admin();
  EXPECT_EQ(code_of(bystander.ask("/admin", "request_system_metrics")), "");
  while (lazy.receive().value_or("1") != "1") {
  }
  EXPECT_TRUE(test::eventually([&] { return lazy.post("3").status == 400; }));
}

TEST_F(MessageQueues, OneThatReadsGetsAllOfIt) {
  const std::string config(20'000, 'x');
  const auto platform = create_platform(R"({"key":"web","name":"Web","config":{"big":")" + config + R"("}})");
  const std::string about = R"({"entity_type":"platform","entity_id":)" + std::to_string(platform->id) + "}";
  auto admin = join_admin();

  for (int i = 0; i < 100; ++i)
    ASSERT_EQ(code_of(admin.ask("/admin", "subscribe_entity_updates", about)), "") << i;

  EXPECT_EQ(overflows("/admin"), 0U);
}

TEST_F(MessageQueues, TheWholeStateAtConnectMayBeLarger) {
  create_large_platforms();
  EventClient client(port_, {}, 4'096);
  client.send("0/client," + with_token(client_token("acme")));

  const auto greeting = client.next("/client", "client_connected");

  ASSERT_EQ(greeting.size(), 3U);
  EXPECT_EQ(greeting[1].at("platforms").as_array().size(), 30U);
  EXPECT_EQ(code_of(client.ask("/client", "heartbeat")), "") << "and it lives";
}

class TinyMessageQueues : public MessageQueues {
 protected:
  TinyMessageQueues() { realtime_options_.message_queue = 1; }
};

class PatientMessageQueues : public MessageQueues {
 protected:
  PatientMessageQueues() { realtime_options_.reader_patience = std::chrono::minutes{10}; }
};

TEST_F(TinyMessageQueues, OneAnswerMayBeLargerThanTheLimit) {
  const std::string config(20'000, 'x');
  const auto platform = create_platform(R"({"key":"web","name":"Web","config":{"big":")" + config + R"("}})");
  const std::string about = R"({"entity_type":"platform","entity_id":)" + std::to_string(platform->id) + "}";
  auto admin = join_admin();

  for (int i = 0; i < 20; ++i)
    ASSERT_EQ(code_of(admin.ask("/admin", "subscribe_entity_updates", about)), "") << i;
}

TEST_F(PatientMessageQueues, AReaderThatMakesProgressMayHaveMoreThanTheLimitWaiting) {
  const std::string config(20'000, 'x');
  const auto platform = create_platform(R"({"key":"web","name":"Web","config":{"big":")" + config + R"("}})");
  const std::string about = R"({"entity_type":"platform","entity_id":)" + std::to_string(platform->id) + "}";
  EventClient slow(port_, {}, 4'096);
  slow.send("0/admin," + with_token(admin_token()));

  for (int i = 0; i < 150; ++i) slow.emit("/admin", "subscribe_entity_updates", about);

  for (int i = 0; i < 150; ++i) ASSERT_EQ(slow.next("/admin", "entity_subscribed").size(), 2U) << i;
  EXPECT_EQ(overflows("/admin"), 0U);
}

TEST_F(MessageQueues, AClientConnectBehindALargeStateWaitsForItAndALaterOneReplacesIt) {
  const std::string token = client_token("acme");
  create_large_platforms();
  EventClient client(port_, {}, 4'096);
  client.send("0/client," + with_token(token));
  EXPECT_EQ(client.packet().substr(0, 10), "0/client,{");
  for (int i = 0; i < 8; ++i)
    client.emit("/client", "client_connect", R"({"context":{"n":)" + std::to_string(i) + "}}");

  EXPECT_EQ(client.next("/client", "client_connected").size(), 3U);
  EXPECT_EQ(client.next("/client", "client_connected").size(), 3U);
  EXPECT_EQ(code_of(client.ask("/client", "client_connect", "{}")), "") << "and it lives";
  EXPECT_EQ(overflows("/client"), 0U);
  EXPECT_LE(times(client.transcript(), R"(["client_connected",)"), 5U) << "not all eight were made";
}

TEST_F(MessageQueues, EachClientConnectThatWantsAnAcknowledgementGetsIt) {
  const std::string token = client_token("acme");
  create_large_platforms();
  EventClient client(port_, {}, 4'096);
  client.send("0/client," + with_token(token));
  EXPECT_EQ(client.packet().substr(0, 10), "0/client,{");
  for (int id = 100; id < 105; ++id)
    client.send("2/client," + std::to_string(id) + R"(["client_connect",{}])");

  for (int id = 100; id < 105; ++id)
    EXPECT_EQ(client.answer("/client", id).at("platforms").as_array().size(), 30U) << id;
}

TEST_F(MessageQueues, WhatAConnectionAsksForAgainAndAgainIsNotQueuedAgainAndAgain) {
  const std::string token = client_token("acme");
  const auto revision = current()->revision();
  create_large_platforms();
  EventClient client(port_, {}, 4'096);
  client.send("0/client," + with_token(token));
  (void)client.next("/client", "client_connected");
  const auto before = delivered();

  check_without_reading(client, revision);

  EXPECT_EQ(code_of(client.ask("/client", "heartbeat")), "");
  auto last = client.next("/client", "platform_update");
  while (last.size() == 2) last = client.next("/client", "platform_update");
  EXPECT_EQ(last.size(), 3U) << "the whole batch came, with its offset";
  EXPECT_LE(delivered() - before, 10U);
}

TEST_F(MessageQueues, NorIsTheWholeViewOfOneWhoseRevisionIsOutOfReach) {
  ASSERT_TRUE(create_platform(R"({"key":"web","name":"Web"})").has_value());
  const auto revision = current()->revision();
  const std::string token = client_token("acme");
  create_large_platforms();
  EventClient client(port_, {}, 4'096);
  client.send("0/client," + with_token(token));
  (void)client.next("/client", "client_connected");

  check_without_reading(client, revision);

  EXPECT_EQ(code_of(client.ask("/client", "heartbeat")), "");
  EXPECT_EQ(client.next("/client", "config_sync").size(), 3U);
  EXPECT_EQ(code_of(client.ask("/client", "heartbeat")), "");
  EXPECT_LE(times(client.transcript(), R"(["config_sync",)"), 10U);
}

TEST_F(MessageQueues, WhatCameAndWentSinceTheRevisionThatAClientSaysItHasDoesNotStayWithIt) {
  const std::string token = client_token("acme");
  const auto revision = current()->revision();
  const auto brief = create_platform(R"({"key":"brief","name":"Brief"})");
  create_large_platforms();
  EventClient client(port_, {}, 4'096);
  client.send("0/client," + with_token(token));
  (void)client.next("/client", "client_connected");
  const auto before = delivered();

  check_without_reading(client, revision);
  ASSERT_TRUE(test::eventually([&] { return delivered() > before; })) << "the brief one is on its way";
  check_without_reading(client, revision);
  ASSERT_TRUE(remove_platform(brief->id).has_value());

  const auto whole = client.next("/client", "config_sync");
  ASSERT_EQ(whole.size(), 3U);
  EXPECT_EQ(whole[1].at("snapshot").at("platforms").as_array().size(), 30U);
}

}  // namespace
}  // namespace togglecast::realtime::testing
