// How far a change has come with the connections of all nodes.
#include "cluster_fixture.hpp"

namespace togglecast::app::testing {
namespace {

using delivery::RolloutNode;
using delivery::RolloutReport;
using delivery::Stage;
using test::eventually;

class ClusterRollout : public ClusterTest {
 protected:
  ClusterRollout() { settings_.realtime.rollout_interval = Milliseconds{20}; }

  domain::Revision change(TestNode& node) {
    const std::string body = R"({"name":"Web )" + std::to_string(++changes_) + "\"}";
    const auto written = wait_for<changes::Written>([&](changes::Done done) {
      if (platform_ == 0)
        return node.application().platforms().create(owner(), parse(R"({"key":"web","name":"Web"})"), {},
                                                     done);
      node.application().platforms().update(owner(), platform_, parse(body), {}, std::move(done));
    });
    EXPECT_TRUE(written.has_value());
    if (platform_ == 0) platform_ = written->id;
    return written->revision;
  }
  static RolloutReport report(TestNode& node, domain::Revision revision,
                              const delivery::LaggardQuery& query = {}) {
    return wait_for<RolloutReport>([&](std::function<void(Result<RolloutReport>)> done) {
             node.realtime().rollouts().report("production", revision, query, std::move(done));
           })
        .value_or(RolloutReport{});
  }
  static std::uint32_t reached(const RolloutReport& report, Stage stage) {
    return report.rollout.counts.times(stage).count();
  }
  static void apply(EventClient& client, domain::Revision revision) {
    client.emit("/client", "config_ack", R"({"revision":)" + std::to_string(revision) + "}");
  }

  domain::Id platform_ = 0;
  int changes_ = 0;
};

TEST_F(ClusterRollout, AddsUpWhatAllNodesCountAndNamesTheNodesOfLaggards) {
  auto [a, b] = start_two();
  change(a);
  const auto acme = make_client(a, "acme");
  const auto away = make_client(a, "away");
  auto here = a.join(acme.token);
  auto there = b.join(acme.token);

  const auto revision = change(a);
  ASSERT_TRUE(eventually([&, &a = a] { return reached(report(a, revision), Stage::sent) == 2; }));
  const auto sent = report(a, revision);
  EXPECT_EQ(sent.rollout.counts.concerned, 2U);
  EXPECT_TRUE(sent.rollout.open);
  ASSERT_EQ(sent.rollout.nodes.size(), 2U);
  EXPECT_EQ(sent.rollout.nodes[0].name, "a");
  EXPECT_EQ(sent.rollout.nodes[1].name, "b");
  EXPECT_EQ(sent.rollout.nodes[1].state, RolloutNode::State::counted);
  EXPECT_EQ(sent.rollout.nodes[1].concerned, 1U);
  EXPECT_EQ(sent.laggards_total, 2U);
  ASSERT_EQ(sent.laggards.size(), 2U);
  EXPECT_NE(sent.laggards[0].node, sent.laggards[1].node);

  delivery::LaggardQuery page;
  page.limit = 1;
  const auto first = report(a, revision, page);
  ASSERT_EQ(first.laggards.size(), 1U);
  page.cursor = first.next_cursor;
  const auto second = report(a, revision, page);
  ASSERT_EQ(second.laggards.size(), 1U);
  EXPECT_NE(first.laggards[0].connection, second.laggards[0].connection);
  EXPECT_TRUE(second.next_cursor.empty());

  apply(here, revision);
  apply(there, revision);
  for (TestNode* node : {&a, &b}) {
    EXPECT_TRUE(eventually([&] {
      const auto over = report(*node, revision);
      return reached(over, Stage::applied) == 2 && !over.rollout.open;
    })) << node->bus().node();
  }
}

TEST_F(ClusterRollout, TellsTheProgressOfAllNodesToThoseWhoFollow) {
  auto [a, b] = start_two();
  change(a);
  const auto acme = make_client(a, "acme");
  auto there = b.join(acme.token);
  auto admin = a.join_admin(a.owner_token());
  EXPECT_TRUE(admin
                  .ask("/admin", "subscribe_entity_updates",
                       R"({"entity_type":"platform","entity_id":)" + std::to_string(platform_) + "}")
                  .is_object());

  const auto revision = change(b);
  json::array update;
  do {
    update = there.next("/client", "platform_update");
  } while (!update.empty() && update.at(1).at("revision") != json::value(revision));
  ASSERT_FALSE(update.empty());
  apply(there, revision);

  json::array progress;
  do {
    progress = admin.next("/admin", "rollout_progress");
  } while (!progress.empty() && progress.at(1).at("applied") != json::value(1));
  ASSERT_FALSE(progress.empty());
  EXPECT_EQ(progress.at(1).at("revision"), json::value(revision));
  EXPECT_EQ(progress.at(1).at("concerned"), json::value(1)) << "a connection of the other node";
}

TEST_F(ClusterRollout, SaysWhichNodesAreNotInTheNumbers) {
  settings_.nodes.answer_within = Milliseconds{50};
  auto [a, b] = start_two();
  change(a);
  const auto acme = make_client(a, "acme");
  auto here = a.join(acme.token);
  const auto revision = change(a);
  const std::string token = a.owner_token();
  const auto state_of_b = [&, &a = a] {
    const json::value seen = a.get(token, "/api/v1/changes/" + std::to_string(revision) + "/rollout");
    const auto* nodes = json::find(seen, "nodes");
    return nodes == nullptr || nodes->as_array().size() < 2
               ? std::string()
               : std::string(nodes->at(1).at("state").as_string());
  };

  bus_.cut_off("b");
  EXPECT_TRUE(eventually([&] { return state_of_b() == "missing"; }));
  EXPECT_EQ(reached(report(a, revision), Stage::sent), 1U) << "its own are there";

  bus_.join_again("b");
  nodes_.pop_back();
  start("c");
  know_each_other();
  clock_.advance(Milliseconds{1});
  EXPECT_TRUE(eventually([&, &a = a] {
    const json::value seen = a.get(token, "/api/v1/changes/" + std::to_string(revision) + "/rollout");
    const auto& nodes = seen.at("nodes").as_array();
    return std::any_of(nodes.begin(), nodes.end(), [](const json::value& node) {
      return node.at("name") == json::value("b") && node.at("state") == json::value("gone");
    });
  }));
}

}  // namespace
}  // namespace togglecast::app::testing
