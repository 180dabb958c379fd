// Nodes that share a store and a bus: who is there, and what reaches the connections of the others. The tails
// poll once an hour: what arrives, the bus has brought.
#include "cluster_fixture.hpp"

namespace togglecast::app::testing {
namespace {

using domain::Role;
using service::Principal;
using test::eventually;

class Cluster : public ClusterTest {};

const json::value* node_called(const json::value& cluster, std::string_view name) {
  for (const json::value& node : cluster.at("nodes").as_array())
    if (json::string_or_empty(node, "name") == name) return &node;
  return nullptr;
}

TEST_F(Cluster, EachNodeShowsAllAndSumsWhatTheyHold) {
  auto [a, b] = start_two();
  const auto acme = make_client(a, "acme");
  auto one = a.join(acme.token);
  auto two = b.join(acme.token);
  auto admin = b.join_admin(b.owner_token());
  const std::string token = a.owner_token();

  ASSERT_TRUE(eventually([&a = a, &token] {
    const json::value seen = a.get(token, "/api/v1/cluster");
    const json::value& sum = seen.at("connections").at("production");
    return sum.at("clients") == json::value(2) && sum.at("admins") == json::value(1);
  }));
  const json::value seen = a.get(token, "/api/v1/cluster");
  EXPECT_EQ(seen.at("live"), json::value(2));
  EXPECT_EQ(seen.at("node"), json::value("a"));
  EXPECT_EQ(seen.at("bus").at("kind"), json::value("shared"));
  const json::value& other = *node_called(seen, "b");
  EXPECT_EQ(other.at("state"), json::value("live"));
  EXPECT_EQ(other.at("version"), json::value("1.0"));
  EXPECT_EQ(other.at("self"), json::value(false));
  EXPECT_EQ(other.at("environments").at("production").at("clients"), json::value(1));
  EXPECT_EQ(other.at("environments").at("production").at("lag_revisions"), json::value(0));
  EXPECT_EQ(node_called(seen, "a")->at("self"), json::value(true));

  ASSERT_TRUE(eventually([&b = b] { return b.nodes().connections("production").clients == 2; }));
  const json::value dashboard = admin.ask("/admin", "request_dashboard_update");
  EXPECT_EQ(dashboard.at("nodes"), json::value(2));
  EXPECT_EQ(dashboard.at("connections").at("clients"), json::value(2));
  EXPECT_EQ(admin.ask("/admin", "request_system_metrics").at("nodes").as_array().size(), 2U);
}

TEST_F(Cluster, ANodeThatStopsHasLeftAndOneThatFallsSilentIsGone) {
  auto [a, b] = start_two();
  start("c");
  know_each_other();
  std::string token = a.owner_token();
  const auto state_of = [&a = a, &token](std::string_view name) {
    const json::value seen = a.get(token, "/api/v1/cluster");
    const auto* node = node_called(seen, name);
    return std::string(node == nullptr ? "unknown" : json::string_or_empty(*node, "state"));
  };

  nodes_.pop_back();
  EXPECT_TRUE(eventually([&] { return state_of("c") == "left"; }));

  b.nodes().drain();
  EXPECT_TRUE(eventually([&] { return state_of("b") == "draining"; }));
  bus_.cut_off("b");
  EXPECT_TRUE(eventually([&, &a = a] {  // again, after what was under way, which brings b back
    clock_.advance(std::chrono::seconds{6});
    if (a.nodes().size() != 1U) return false;
    token = a.owner_token();  // the one before may have expired by now
    return state_of("b") == "gone";
  }));

  bus_.join_again("b");
  EXPECT_TRUE(eventually([&] { return state_of("b") == "draining"; }));
}

TEST_F(Cluster, AChangeIsThereAtOnceAndEndsSessionsEverywhere) {
  auto [a, b] = start_two();
  const auto acme = make_client(a, "acme");
  auto at_b = b.join(acme.token);
  const auto made = wait_for<changes::Written>([&a = a](changes::Done done) {
    a.application().platforms().create(owner(), parse(R"({"key":"web","name":"Web"})"), {}, std::move(done));
  });
  ASSERT_TRUE(made.has_value());
  EXPECT_EQ(at_b.next("/client", "platform_update").size(), 3U);

  const auto revoked = wait_for<changes::Written>([&a = a, &acme](changes::Done done) {
    a.application().tokens().revoke(owner(), acme.token_id, {}, std::move(done));
  });
  ASSERT_TRUE(revoked.has_value());
  EXPECT_EQ(at_b.next("/client", "session_ended").at(1).at("reason"), json::value("token_revoked"));
}

TEST_F(Cluster, AnAdminThatIsRemovedOnOneNodeLeavesTheOther) {
  auto [a, b] = start_two();
  const auto made = wait_for<changes::Written>([&a = a](changes::Done done) {
    a.application().admins().create(Principal::server("system"), "eve", Role::editor,
                                    Secret(std::string(kPassword)), {}, std::move(done));
  });
  ASSERT_TRUE(made.has_value());
  settle(a);
  service::Login login;
  login.username = "eve";
  login.password = Secret(std::string(kPassword));
  login.session.environment = "production";
  const auto session = wait_for<service::LoggedIn>([&b = b, &login](service::LoginDone done) {
    b.application().admins().login(login, {}, std::move(done));
  });
  ASSERT_TRUE(session.has_value());
  settle(b);
  auto eve = b.join_admin(std::string(session->token.reveal()));

  const auto removed = wait_for<changes::Written>([&a = a, &made](changes::Done done) {
    a.application().admins().remove(owner(), made->id, {}, std::move(done));
  });
  ASSERT_TRUE(removed.has_value());

  EXPECT_EQ(eve.next("/admin", "session_ended").at(1).at("reason"), json::value("account_deleted"));
}

TEST_F(Cluster, MessagesReachTheConnectionsOfAllNodes) {
  auto [a, b] = start_two();
  const auto acme = make_client(a, "acme");
  const auto other = make_client(b, "other");
  auto here = a.join(acme.token);
  auto there = b.join(acme.token);
  auto bystander = b.join(other.token);
  auto admin = b.join_admin(b.owner_token());

  const auto all = announce(a, R"({"title":"To all","message":"m"})");
  ASSERT_TRUE(all.has_value());
  EXPECT_EQ(all->connections, 4U);
  EXPECT_EQ(all->nodes, 2U);
  EXPECT_TRUE(all->missing_nodes.empty());
  for (auto* client : {&here, &there, &bystander})
    EXPECT_EQ(client->next("/client", "announcement").at(1).at("title"), json::value("To all"));
  EXPECT_EQ(admin.next("/admin", "announcement").at(1).at("id"), json::value(all->id));

  service::ClientNotification notification;
  notification.message.title = "To one";
  notification.message.message = "m";
  notification.client = acme.id;
  const auto one = told(a, [&](service::MessageSender& to, service::SendDone done) {
    to.send_client_notification(owner(), notification, std::move(done));
  });
  EXPECT_EQ(one->connections, 2U);
  EXPECT_EQ(there.next("/client", "client_notification").at(1).at("title"), json::value("To one"));

  service::AdminNotification to_viewers;
  to_viewers.message.title = "To viewers";
  to_viewers.message.message = "m";
  to_viewers.role = Role::viewer;
  const auto none = told(a, [&](service::MessageSender& to, service::SendDone done) {
    to.send_admin_notification(owner(), to_viewers, std::move(done));
  });
  EXPECT_EQ(none->connections, 0U) << "the only admin is an owner";

  const auto again = announce(b, R"({"title":"Next","message":"m"})");
  EXPECT_EQ(again->connections, 4U);
  EXPECT_EQ(bystander.next("/client", "announcement").at(1).at("title"), json::value("Next"));
  EXPECT_EQ(bystander.transcript().find("To one"), std::string::npos) << "that was for another client";
}

TEST_F(Cluster, RestTellsWhichNodesTheNumberIsOf) {
  settings_.nodes.answer_within = Milliseconds{50};
  auto [a, b] = start_two();
  const std::string token = a.owner_token();
  bus_.cut_off("b");

  const auto sent =
      a.call(token, "POST", "/api/v1/broadcasts/broadcast_announcement", R"({"title":"t","message":"m"})");

  EXPECT_EQ(sent.status, 200U) << sent.body;
  EXPECT_EQ(sent.parsed().at("nodes").at("counted"), json::value(1));
  EXPECT_EQ(sent.parsed().at("nodes").at("missing"), json::value(json::array{"b"}));
}

TEST_F(Cluster, AConfigSyncAndAnEntityOnceMoreReachTheOthers) {
  auto [a, b] = start_two();
  const auto acme = make_client(a, "acme");
  const auto made = wait_for<changes::Written>([&a = a](changes::Done done) {
    a.application().platforms().create(owner(), parse(R"({"key":"web","name":"Web"})"), {}, std::move(done));
  });
  settle(a);
  auto there = b.join(acme.token);

  const auto synced = told(a, [](service::MessageSender& to, service::SendDone done) {
    to.broadcast_config_sync(owner(), *service::read_config_sync(parse(R"({"reason":"by hand"})")),
                             std::move(done));
  });
  EXPECT_EQ(synced->connections, 1U);
  EXPECT_EQ(there.next("/client", "config_sync").at(1).at("reason"), json::value("by hand"));

  const auto again = told(a, [&made](service::MessageSender& to, service::SendDone done) {
    to.broadcast_platform_update(owner(), made->id, std::move(done));
  });
  EXPECT_EQ(again->connections, 1U);
  EXPECT_EQ(there.next("/client", "platform_update").at(1).at("platform_id"), json::value(made->id));
}

TEST_F(Cluster, AMessageWithAcknowledgementWakesTheNodeOfItsReceiver) {
  auto [a, b] = start_two();
  const auto acme = make_client(a, "acme");
  auto there = b.join(acme.token);

  const auto kept = announce(a, R"({"title":"Read this","message":"m","ack":"client","audience":"clients"})");

  ASSERT_TRUE(kept.has_value());
  EXPECT_EQ(kept->connections, 1U) << "those of the other node";
  std::string packet = there.packet();
  while (!packet.empty() && packet.find("\"Read this\"") == std::string::npos) packet = there.packet();
  EXPECT_FALSE(packet.empty());
}

TEST_F(Cluster, TheSystemStatusReachesNodesThatMissedIt) {
  auto [a, b] = start_two();
  const auto acme = make_client(a, "acme");
  auto there = b.join(acme.token);
  const auto set = [](TestNode& node, std::string_view body) {
    return told(node, [&](service::MessageSender& to, service::SendDone done) {
      to.broadcast_system_status(owner(), *service::read_system_status(parse(body)), std::move(done));
    });
  };

  EXPECT_EQ(set(a, R"({"status":"degraded","message":"slow"})")->connections, 1U);
  EXPECT_EQ(there.next("/client", "system_status").at(1).at("status"), json::value("degraded"));

  TestNode& late = start("c");
  auto joined = late.join(acme.token);
  EXPECT_EQ(joined.next("/client", "system_status").at(1).at("message"), json::value("slow"));

  know_each_other();
  bus_.lose("nodes.messages");
  a.realtime().messages().broadcast_system_status(
      owner(), *service::read_system_status(parse(R"({"status":"maintenance","message":"lost"})")),
      [](const Result<service::SendResult>&) {});
  EXPECT_EQ(there.next("/client", "system_status").at(1).at("message"), json::value("lost"))
      << "the beacons say that there is a newer one";
}

TEST_F(Cluster, WhoHoldsAClientsConnections) {
  auto [a, b] = start_two();
  const auto acme = make_client(a, "acme");
  auto one = a.join(acme.token);
  auto two = b.join(acme.token);
  auto three = b.join(acme.token);
  const std::string token = a.owner_token();
  EXPECT_FALSE(one.ask("/client", "heartbeat").is_null());

  const json::value found = a.get(token, "/api/v1/clients/" + std::to_string(acme.id) + "/connections");

  EXPECT_EQ(found.at("connections"), json::value(3));
  EXPECT_EQ(found.at("missing"), json::value(json::array{}));
  EXPECT_EQ(found.at("nodes").at(0).at("name"), json::value("a"));
  EXPECT_EQ(found.at("nodes").at(0).at("connections"), json::value(1));
  EXPECT_EQ(found.at("nodes").at(1).at("name"), json::value("b"));
  EXPECT_EQ(found.at("nodes").at(1).at("connections"), json::value(2));
  const json::value& heard = found.at("nodes").at(0).at("heartbeats");
  ASSERT_EQ(heard.as_array().size(), 1U);
  EXPECT_TRUE(heard.at(0).at("last_seen_ms").is_int64())
      << "by its heartbeat event: " << json::serialize(heard);
  EXPECT_EQ(heard.at(0).at("transport"), json::value("websocket"));
  const json::value& unheard = found.at("nodes").at(1).at("heartbeats");
  ASSERT_EQ(unheard.as_array().size(), 2U);
  for (const json::value& beat : unheard.as_array()) {
    EXPECT_TRUE(beat.at("last_seen_ms").is_null()) << "it was not pinged yet";
    EXPECT_TRUE(beat.at("round_trip_ms").is_null());
    EXPECT_EQ(beat.at("unanswered_ms"), json::value(0));
  }
  EXPECT_EQ(a.call(token, "GET", "/api/v1/clients/4711/connections").status, 404U);
}

TEST_F(Cluster, WhatIsMalformedIsDroppedAndTheNextVersionIsUnderstood) {
  auto [a, b] = start_two();
  auto& dropped =
      a.metrics().counter("togglecast_node_messages_refused_total",
                          "Messages between nodes that were dropped, by reason.", {{"reason", "malformed"}});
  const std::vector<std::string> bad{"",
                                     "[]",
                                     "{",
                                     R"({"body":{}})",
                                     R"({"v":1,"body":[]})",
                                     R"({"v":1,"body":{"name":"x"}})",
                                     R"({"v":1,"body":{"name":"x","started_at":1,"environments":{"p":{}}}})"};
  for (const std::string& text : bad) b.bus().publish("nodes.beacon", text);
  EXPECT_TRUE(eventually([&] { return dropped.value() == bad.size(); })) << dropped.value();

  const auto newer = bus_.node("newer");
  newer->publish(
      "nodes.beacon",
      R"({"v":2,"more":1,"body":{"name":"newer","version":"2.0","started_at":1700000000000,"colour":"red",
                 "environments":{"production":{"epoch":1,"revision":0,"clients":7,"shoes":2}}}})");
  EXPECT_TRUE(eventually([&a = a] { return a.nodes().connections("production").clients == 7; }));
}

}  // namespace
}  // namespace togglecast::app::testing
