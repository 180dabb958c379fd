// Limits that hold over all nodes.
#include "cluster_fixture.hpp"

namespace togglecast::app::testing {
namespace {

using test::eventually;

class ClusterLimits : public ClusterTest {};

TEST_F(ClusterLimits, ConnectionsOfAClientAddUp) {
  settings_.realtime.connections_per_client = 3;
  auto [a, b] = start_two();
  const auto acme = make_client(a, "acme");
  std::vector<EventClient> open;
  open.push_back(a.join(acme.token));
  open.push_back(a.join(acme.token));
  open.push_back(b.join(acme.token));

  // Once both have heard of each other's connections, neither takes one more.
  for (TestNode* node : {&a, &b}) {
    EXPECT_TRUE(eventually([&] {
      EventClient more = node->connect("/client", acme.token);
      const std::string first = more.packet();
      return first.find("client_connected") == std::string::npos;
    })) << node->bus().node();
  }

  open.clear();
  EXPECT_TRUE(eventually([&b = b, &acme] {
    EventClient again = b.connect("/client", acme.token);
    return again.packet().find("client_connected") != std::string::npos;
  })) << "the others are gone";
}

TEST_F(ClusterLimits, WritesOfAnAdminAddUp) {
  settings_.api.writes = {.per_second = 0.001, .burst = 6};
  auto [a, b] = start_two();
  const std::string token = a.owner_token();
  settle(a);
  const auto write = [&token](TestNode& node, const std::string& key) {
    return node.call(token, "POST", "/api/v1/platforms", R"({"key":")" + key + R"(","name":"Web"})").status;
  };

  for (int i = 0; i < 5; ++i) ASSERT_EQ(write(a, "web-" + std::to_string(i)), 201U);

  int taken = 0;
  EXPECT_TRUE(eventually([&, &b = b] {
    const unsigned status = write(b, "ios-" + std::to_string(taken));
    taken += status == 201U ? 1 : 0;
    return status == 429U;
  }));
  EXPECT_LT(taken, 7);
  EXPECT_TRUE(eventually([&, &a = a] { return write(a, "more-" + std::to_string(++taken)) == 429U; }));
}

TEST_F(ClusterLimits, AnnouncementsOfAnAdminAddUp) {
  settings_.realtime.announcements = {.per_second = 0.001, .burst = 4};
  auto [a, b] = start_two();
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(announce(a, R"({"title":"t","message":"m"})").has_value());

  EXPECT_TRUE(eventually([&b = b] {
    const auto sent = announce(b, R"({"title":"t","message":"m"})");
    return !sent && sent.error().code == Errc::rate_limited;
  }));
}

TEST_F(ClusterLimits, FailedLoginsAddUp) {
  auto [a, b] = start_two();
  for (int i = 0; i < 6; ++i) EXPECT_FALSE(a.login("wrong password").has_value());

  EXPECT_TRUE(eventually([&b = b] {
    const auto tried = b.login("wrong password");
    return !tried && tried.error().code == Errc::rate_limited;
  }));
  EXPECT_EQ(b.login().error().code, Errc::rate_limited) << "the right password waits, too";
  clock_.advance(std::chrono::minutes{6});
  EXPECT_TRUE(b.login().has_value());
}

TEST_F(ClusterLimits, HoldForEachNodeWhenNothingArrives) {
  settings_.realtime.announcements = {.per_second = 0.001, .burst = 2};
  settings_.nodes.answer_within = Milliseconds{1};
  auto [a, b] = start_two();
  bus_.cut_off("a");

  for (TestNode* node : {&a, &b}) {
    for (int i = 0; i < 2; ++i) EXPECT_TRUE(announce(*node, R"({"title":"t","message":"m"})").has_value());
    EXPECT_EQ(announce(*node, R"({"title":"t","message":"m"})").error().code, Errc::rate_limited);
  }
}

}  // namespace
}  // namespace togglecast::app::testing
