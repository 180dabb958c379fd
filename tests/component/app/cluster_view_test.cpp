// What admins see of all nodes together, whichever they ask.
#include "cluster_fixture.hpp"

namespace togglecast::app::testing {
namespace {

using test::eventually;

class ClusterView : public ClusterTest {
 protected:
  ClusterView() { settings_.realtime.presence_delay = Milliseconds{5}; }

  static std::string viewers_of(const json::array& event) {
    std::string names;
    if (event.size() < 2) return "(none)";
    for (const auto& viewer : event.at(1).at("viewers").as_array())
      names += std::string(viewer.at("username").as_string()) + " ";
    return names;
  }
  static domain::Id make_platform(TestNode& node) {
    const auto made = wait_for<changes::Written>([&](changes::Done done) {
      node.application().platforms().create(owner(), parse(R"({"key":"web","name":"Web"})"), {},
                                            std::move(done));
    });
    EXPECT_TRUE(made.has_value());
    return made->id;
  }
  static std::string about(domain::Id platform) {
    return R"({"entity_type":"platform","entity_id":)" + std::to_string(platform) + "}";
  }
};

TEST_F(ClusterView, AdminsOfSeveralNodesSeeEachOtherAtAnEntity) {
  auto [a, b] = start_two();
  const domain::Id platform = make_platform(a);
  settle(a);
  auto here = a.join_admin(a.owner_token());
  ASSERT_TRUE(here.ask("/admin", "subscribe_entity_updates", about(platform)).is_object());
  EXPECT_EQ(viewers_of(here.next("/admin", "entity_presence")), "owner ");
  {
    auto there = b.join_admin(b.owner_token());
    ASSERT_TRUE(there.ask("/admin", "subscribe_entity_updates", about(platform)).is_object());
    EXPECT_EQ(viewers_of(there.next("/admin", "entity_presence")), "owner ") << "one admin, on two nodes";
  }
}

TEST_F(ClusterView, AnAdminThatEditsIsShownSoOnEveryNode) {
  const auto states_of = [](const json::array& event) {
    return event.size() < 2 ? "(none)" : json::serialize(event.at(1).at("viewers").at(0).at("state"));
  };
  auto [a, b] = start_two();
  const domain::Id platform = make_platform(a);
  settle(a);
  const std::string target = R"("entity_type":"platform","entity_id":)" + std::to_string(platform);
  auto here = a.join_admin(a.owner_token());
  auto there = b.join_admin(b.owner_token());
  ASSERT_TRUE(there.ask("/admin", "subscribe_entity_updates", about(platform)).is_object());
  EXPECT_EQ(states_of(there.next("/admin", "entity_presence")), R"("viewing")");

  const auto edits = here.ask("/admin", "subscribe_entity_updates", "{" + target + R"(,"state":"editing"})");
  EXPECT_EQ(edits.at("state"), json::value("editing"));
  std::string seen;
  while (seen != R"("editing")" && seen != "(none)")
    seen = states_of(there.next("/admin", "entity_presence"));
  EXPECT_EQ(seen, R"("editing")") << "one admin, who edits in one of two tabs";

  EXPECT_EQ(here.ask("/admin", "subscribe_entity_updates", about(platform)).at("state"),
            json::value("viewing"));
  while (seen != R"("viewing")" && seen != "(none)")
    seen = states_of(there.next("/admin", "entity_presence"));
  EXPECT_EQ(seen, R"("viewing")");
  const auto refused =
      here.ask("/admin", "subscribe_entity_updates", "{" + target + R"(,"state":"sleeping"})");
  EXPECT_EQ(realtime::testing::pointer_of(refused), "/state");
}

TEST_F(ClusterView, ConnectionsOfAllNodesAreListedAndEnded) {
  auto [a, b] = start_two();
  const auto acme = make_client(a, "acme");
  auto one = a.join(acme.token);
  auto two = b.join(acme.token);
  const auto list = [&a = a](service::ConnectionQuery query) {
    query.nsp = service::ConnectionQuery::Namespace::client;
    return wait_for<json::object>([&](std::function<void(Result<json::object>)> done) {
             a.realtime().connections().list(owner(), query, std::move(done));
           })
        .value();
  };
  const auto all = list({});
  EXPECT_EQ(all.at("total"), json::value(2));
  EXPECT_FALSE(all.contains("missing"));
  const auto there = list({.node = "b"});
  ASSERT_EQ(there.at("total"), json::value(1));
  EXPECT_EQ(there.at("items").at(0).at("node").at("name"), json::value("b"));
  EXPECT_EQ(there.at("items").at(0).at("client").at("key"), json::value("acme"));

  auto first = list({.limit = 1});
  ASSERT_TRUE(first.contains("next_cursor"));
  const auto second = list({.limit = 1, .cursor = std::string(first.at("next_cursor").as_string())});
  EXPECT_FALSE(second.contains("next_cursor"));
  EXPECT_NE(first.at("items").at(0).at("id"), second.at("items").at(0).at("id"));

  const std::string id(there.at("items").at(0).at("id").as_string());
  const auto end = [&a = a](const std::string& connection) {
    return wait_for<bool>([&](std::function<void(Result<bool>)> done) {
      a.realtime().connections().end(owner(), connection, [done = std::move(done)](Result<void> ended) {
        done(ended.map([] { return true; }));
      });
    });
  };
  ASSERT_TRUE(end(id).has_value());
  EXPECT_TRUE(eventually([&] { return list({}).at("total") == json::value(1); }));
  const auto again = end(id);
  ASSERT_FALSE(again.has_value());
  EXPECT_EQ(again.error().code, Errc::not_found);
}

// A node that falls silent takes its admins with it.
TEST_F(ClusterView, ThoseOfANodeThatIsGoneAreNotShown) {
  auto [a, b] = start_two();
  const domain::Id platform = make_platform(a);
  settle(a);
  const json::object told{
      {"v", 1},
      {"body",
       {{"entities",
         {{{"environment", "production"}, {"type", "platform"}, {"id", platform}, {"viewers", {{7, "jo"}}}},
          {{"environment", "production"}, {"type", "toaster"}, {"id", 1}, {"viewers", {{7, "jo"}}}},
          {{"type", "platform"}, {"id", 1}}}}}}};
  auto here = a.join_admin(a.owner_token());
  ASSERT_TRUE(here.ask("/admin", "subscribe_entity_updates", about(platform)).is_object());
  EXPECT_EQ(viewers_of(here.next("/admin", "entity_presence")), "owner ");

  b.bus().publish("nodes.presence", json::serialize(told));
  EXPECT_EQ(viewers_of(here.next("/admin", "entity_presence")), "owner jo ");

  bus_.cut_off("b");
  EXPECT_TRUE(eventually([&a = a, this] {
    clock_.advance(std::chrono::seconds{6});
    return a.nodes().size() == 1;
  }));
  EXPECT_EQ(viewers_of(here.next("/admin", "entity_presence")), "owner ");
}

TEST_F(ClusterView, RatesAndMetricsOfClientsAreThoseOfAllNodes) {
  auto [a, b] = start_two();
  const auto acme = make_client(a, "acme");
  auto one = a.join(acme.token);
  auto two = b.join(acme.token);
  for (auto* client : {&one, &two})
    ASSERT_TRUE(
        client->ask("/client", "report_metrics", R"({"metrics":[{"name":"load","value":2}]})").is_object());
  auto admin = a.join_admin(a.owner_token());

  ASSERT_TRUE(eventually([&admin] {
    const json::value board = admin.ask("/admin", "request_dashboard_update");
    const auto& metrics = board.at("client_metrics").as_array();
    return metrics.size() == 1 && metrics[0].at("count") == json::value(2) &&
           metrics[0].at("sum").to_number<double>() == 4;
  }));
  // What b counted arrives with its next beacon.
  EXPECT_TRUE(eventually([&admin, &a = a] {
    const auto all = admin.ask("/admin", "request_dashboard_update").at("rates").at("events").at("total");
    const json::value seen = a.get(a.owner_token(), "/api/v1/cluster");
    std::int64_t sum = 0;
    for (const json::value& node : seen.at("nodes").as_array())
      sum += node.at("rates").at("events").at("total").to_number<std::int64_t>();
    return all.to_number<std::int64_t>() >= 2 && sum >= 2 &&
           seen.at("nodes").at(1).at("rates").at("events").at("total").to_number<std::int64_t>() >= 1;
  }));
  EXPECT_EQ(a.get(a.owner_token(), "/api/v1/cluster").at("leases").at("upkeep").at("node").is_string(), true);
}

}  // namespace
}  // namespace togglecast::app::testing
