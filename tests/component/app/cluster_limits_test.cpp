// Limits that hold over all nodes.
#include "auth/codes/sealed_secret.hpp"
#include "auth/codes/totp.hpp"
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

// What a node says on a channel, in its order.
class Listener {
 public:
  Listener(test::SharedBus& bus, std::string of, std::string channel)
      : of_(std::move(of)), ear_(bus.node("listener")) {
    heard_ = ear_->subscribe(std::move(channel), [this](const cluster::Message& message) {
      if (message.node != of_) return;
      const std::scoped_lock lock(mutex_);
      bodies_.push_back(parse(message.payload).at("body"));
    });
  }
  [[nodiscard]] std::vector<json::value> bodies() const {
    const std::scoped_lock lock(mutex_);
    return bodies_;
  }

 private:
  std::string of_;
  mutable std::mutex mutex_;
  std::vector<json::value> bodies_;
  std::unique_ptr<test::SharedBus::Node> ear_;
  cluster::Bus::Subscription heard_;
};

// Limits hold over all nodes within a second: what was spent leaves a few times a second, and holds where it
// arrives.
TEST_F(ClusterLimits, WhatWasSpentHoldsWithTheNextMessages) {
  EXPECT_LE(nodes::SharedLimits::kInterval, Milliseconds{500});
  settings_.realtime.announcements = {.per_second = 0.001, .burst = 4};
  auto [a, b] = start_two();
  const auto acme = make_client(a, "acme");
  const std::string token = a.owner_token();
  settle(a);
  const Listener listener(bus_, "a", "nodes.spent");
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(announce(a, R"({"title":"t","message":"m"})").has_value());

  const auto told = [&listener] {
    double units = 0;
    for (const json::value& body : listener.bodies())
      for (const json::value& pair : body.at("announcements").get_array())
        units += pair.at(1).to_number<double>();
    return units;
  };
  ASSERT_TRUE(eventually([&] { return told() >= 4; }));
  EXPECT_LE(listener.bodies().size(), 4U) << "none without news";
  (void)a.get(token,
              "/api/v1/clients/" + std::to_string(acme.id) + "/connections");  // b answers in its order
  const auto refused = announce(b, R"({"title":"t","message":"m"})");
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Errc::rate_limited);
}

TEST_F(ClusterLimits, ConnectionsHoldWithTheNextBeacon) {
  EXPECT_LE(nodes::NodesOptions{}.interval, Milliseconds{1'000});
  settings_.realtime.connections_per_client = 2;
  auto [a, b] = start_two();
  const auto acme = make_client(a, "acme");
  const std::string token = a.owner_token();
  settle(a);
  const Listener listener(bus_, "a", "nodes.clients");
  const auto first = a.join(acme.token);
  const auto second = a.join(acme.token);
  const auto before = static_cast<std::ptrdiff_t>(bus_.published("nodes.clients"));

  const auto told = [&](const json::value& body) {
    const auto* clients = json::find(body, "production");
    return clients != nullptr && *clients == json::value{json::array{acme.id, 2}};
  };
  std::vector<json::value> bodies;
  ASSERT_TRUE(eventually([&] {
    bodies = listener.bodies();
    return std::any_of(bodies.begin(), bodies.end(), told);
  }));
  EXPECT_LE(std::find_if(bodies.begin(), bodies.end(), told) - bodies.begin(), before + 1)
      << "the one that was under way, or the next one";
  (void)a.get(token,
              "/api/v1/clients/" + std::to_string(acme.id) + "/connections");  // b answers in its order
  EventClient third = b.connect("/client", acme.token);
  EXPECT_EQ(third.packet().find("client_connected"), std::string::npos);
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

// A second factor, set up at one node; a login with a code at any of them.
class ClusterFactors : public ClusterTest {
 protected:
  service::Principal session(TestNode& node) {
    return node.application().authenticator().authenticate(node.owner_token()).value();
  }
  /// At `node`, known to all. The secret of the app.
  Secret set_up(TestNode& node) {
    const service::Principal who = session(node);
    const auto setup = wait_for<service::FactorSetup>([&](service::SetupDone done) {
      node.application().second_factor().begin(who, {Secret(kPassword), {}, {}}, {}, std::move(done));
    });
    EXPECT_TRUE(setup.has_value());
    settle(node);
    const auto stored =
        node.application().model().current("system")->find_by_key<domain::SecondFactor>("owner");
    const Secret secret =
        auth::SecretSealer(Secret(node.application().derived_key("second factors").sign("seal")))
            .open(stored->sealed, "owner")
            .value();
    const auto codes = wait_for<std::vector<Secret>>([&](service::RecoveryCodesDone done) {
      node.application().second_factor().confirm(who, {{}, shown(secret), {}}, {}, std::move(done));
    });
    EXPECT_TRUE(codes.has_value());
    settle(node);
    clock_.advance(std::chrono::seconds{auth::kCodeSeconds});
    return secret;
  }
  [[nodiscard]] Secret shown(const Secret& secret, std::int64_t drift = 0) const {
    return Secret(auth::hotp(secret, static_cast<std::uint64_t>(auth::step_at(clock_.wall_now()) + drift)));
  }
  static void log_in(TestNode& node, const Secret& code, service::LoginDone done) {
    node.application().admins().login({"owner", Secret(kPassword), {"production", {}, {}}, "192.0.2.1", code},
                                      {}, std::move(done));
  }
  static Result<service::LoggedIn> log_in(TestNode& node, const Secret& code) {
    return wait_for<service::LoggedIn>([&](service::LoginDone done) { log_in(node, code, std::move(done)); });
  }
};

TEST_F(ClusterFactors, ACodeOpensOnceAlsoAtTwoNodesAtOnce) {
  auto [a, b] = start_two();
  const Secret secret = set_up(a);
  for (int round = 0; round < 5; ++round) {
    const Secret code = shown(secret);
    std::promise<Result<service::LoggedIn>> at_a, at_b;
    log_in(a, code, [&at_a](Result<service::LoggedIn> in) { at_a.set_value(std::move(in)); });
    log_in(b, code, [&at_b](Result<service::LoggedIn> in) { at_b.set_value(std::move(in)); });
    const auto first = at_a.get_future().get();
    const auto second = at_b.get_future().get();

    EXPECT_NE(first.has_value(), second.has_value());
    EXPECT_EQ((first ? second : first).error().code, Errc::unauthenticated);
    clock_.advance(std::chrono::minutes{31});  // the throttle forgets
  }
}

TEST_F(ClusterFactors, WrongCodesAddUp) {
  auto [a, b] = start_two();
  const Secret secret = set_up(a);
  for (int i = 0; i < 6; ++i) EXPECT_FALSE(log_in(a, shown(secret, 7)).has_value());

  EXPECT_TRUE(eventually([&, &b = b] {
    const auto tried = log_in(b, shown(secret, 7));
    return !tried && tried.error().code == Errc::rate_limited;
  }));
  EXPECT_EQ(log_in(b, shown(secret)).error().code, Errc::rate_limited);
  EXPECT_FALSE(b.login("wrong password").has_value()) << "passwords have a count of their own";
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
