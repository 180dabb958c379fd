// Several whole nodes in one process: each with its own application, shards and listeners, all on one store
// and one bus.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "component/http_api/api_client.hpp"
#include "component/realtime/realtime_fixture.hpp"
#include "http_api/request/api.hpp"
#include "http_api/routes.hpp"
#include "nodes/nodes.hpp"
#include "realtime/realtime.hpp"
#include "support/eventually.hpp"
#include "support/shared_bus.hpp"
#include "support/temporary_folder.hpp"
#include "unit/changes/faults.hpp"
#include "unit/service/application_fixture.hpp"
#include "unit/storage/sqlite/second_store.hpp"
#include "web/http_server.hpp"

namespace togglecast::app::testing {

using realtime::testing::EventClient;
using service::testing::parse;
using service::testing::wait_for;

inline constexpr const char* kPassword = "correct horse";

struct NodeSettings {
  realtime::Options realtime{};
  http_api::Options api{};
  nodes::NodesOptions nodes{};
  Milliseconds poll{std::chrono::hours{1}};  ///< of the store: what arrives, the bus has brought
};

class TestNode {
 public:
  TestNode(std::unique_ptr<storage::Store> store, std::unique_ptr<test::SharedBus::Node> bus,
           const NodeSettings& settings, const Clock& clock)
      : bus_(std::move(bus)) {
    service::ApplicationOptions options;
    options.environments = {"production"};
    options.admins.passwords = auth::kCheapPasswords;
    options.tail.poll = settings.poll;
    options.lease.node = nodes::lease_holder(bus_->node(), bus_->node());
    options.first_owner_password = [] { return Secret(std::string(kPassword)); };
    application_ =
        service::Application::open(std::move(store), options, clock, random_, log_, metrics_).value();
    shards_ = std::make_unique<net::ShardPool>(2);
    nodes::NodesOptions nodes_options = settings.nodes;
    nodes_options.name = bus_->node();
    nodes_options.version = "1.0";
    nodes_ =
        std::make_unique<nodes::Nodes>(*bus_, *shards_, *application_, nodes_options, clock, log_, metrics_);
    socketio::Options io_options;
    io_options.retain_handshake = false;
    io_options.close_when_left = true;
    io_options.engine.ping_interval = std::chrono::minutes{10};
    io_options.connect_timeout = std::chrono::minutes{1};
    io_options.admit_packet = realtime::meter_packets(settings.realtime.events);
    io_ = std::make_unique<socketio::Server>(*shards_, io_options);
    realtime_ = std::make_unique<realtime::Realtime>(*shards_, *io_, *application_, settings.realtime, clock,
                                                     log_, metrics_, nodes_.get());
    http_api::Options api_options = settings.api;
    api_options.environment = "production";
    api_options.messages = &realtime_->messages();
    api_options.rollouts = &realtime_->rollouts();
    api_options.cluster = nodes_.get();
    api_ = std::make_unique<http_api::Api>(*shards_, http_api::routes(), *application_, api_options, clock,
                                           log_, metrics_);
    nodes_->limits().share(api_->writes());
    web::Router router;
    io_->mount(router);
    api_->mount(router);
    http_ = std::make_unique<web::HttpServer>(*shards_, std::move(router));
    port_ = shards_->listen({.addresses = {"127.0.0.1"}}, http_->accept_handler()).value();
    realtime_->start();
    nodes_->start();
    api_->enter(http_api::Phase::serving);
    shards_->start();
  }
  TestNode(const TestNode&) = delete;
  TestNode& operator=(const TestNode&) = delete;
  ~TestNode() {
    shards_->stop_listening();
    io_->close();
    nodes_->stop();
    application_->stop();
    realtime_->stop();
    http_->close_all();
    shards_->stop();
  }

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] service::Application& application() { return *application_; }
  [[nodiscard]] realtime::Realtime& realtime() { return *realtime_; }
  [[nodiscard]] nodes::Nodes& nodes() { return *nodes_; }
  [[nodiscard]] observe::Metrics& metrics() { return metrics_; }
  [[nodiscard]] test::SharedBus::Node& bus() { return *bus_; }

  Result<service::LoggedIn> login(const std::string& password = kPassword) {
    service::Login request;
    request.username = "owner";
    request.password = Secret(password);
    request.session.environment = "production";
    request.throttled_as = "192.0.2.1";
    return wait_for<service::LoggedIn>(
        [&](service::LoginDone done) { application_->admins().login(request, {}, std::move(done)); });
  }
  std::string owner_token() {
    auto answer = login();
    EXPECT_TRUE(answer.has_value());
    return std::string(answer->token.reveal());
  }

  togglecast::testing::HttpReply call(const std::string& token, const std::string& method,
                                      const std::string& target, const std::string& body = {}) const {
    togglecast::testing::HttpHeaders headers{{"Authorization", "Bearer " + token}};
    if (!body.empty()) headers.emplace_back("Content-Type", "application/json");
    return togglecast::testing::http(port_, method, target, headers, body);
  }
  json::value get(const std::string& token, const std::string& target) const {
    return call(token, "GET", target).parsed();
  }

  EventClient connect(std::string_view nsp, const std::string& token) const {
    EventClient client(port_);
    client.send("0" + std::string(nsp) + R"(,{"token":")" + token + R"("})");
    EXPECT_EQ(client.packet().substr(0, nsp.size() + 2), "0" + std::string(nsp) + ",");
    return client;
  }
  /// Past its greeting.
  EventClient join(const std::string& token) const {
    auto client = connect("/client", token);
    EXPECT_EQ(client.next("/client", "client_connected").size(), 3U);
    return client;
  }
  EventClient join_admin(const std::string& token) const {
    auto admin = connect("/admin", token);
    EXPECT_EQ(admin.next("/admin", "admin_connected").size(), 3U);
    return admin;
  }

 private:
  std::unique_ptr<test::SharedBus::Node> bus_;
  SystemRandom random_;
  observe::Log log_{{.level = observe::Level::off}};
  observe::Metrics metrics_;
  std::unique_ptr<service::Application> application_;
  std::unique_ptr<net::ShardPool> shards_;
  std::unique_ptr<nodes::Nodes> nodes_;
  std::unique_ptr<socketio::Server> io_;
  std::unique_ptr<realtime::Realtime> realtime_;
  std::unique_ptr<http_api::Api> api_;
  std::unique_ptr<web::HttpServer> http_;
  std::uint16_t port_ = 0;
};

class ClusterTest : public ::testing::Test {
 protected:
  ClusterTest() {
    settings_.nodes.interval = Milliseconds{20};
    settings_.nodes.answer_within = std::chrono::seconds{30};  // machines are busy
    settings_.realtime.events = {.per_second = 10'000, .burst = 10'000};
  }

  /// `reads`: when its readers fail, and null: never.
  TestNode& start(const std::string& name, changes::testing::ReaderSwitches* reads = nullptr) {
    std::unique_ptr<storage::Store> store;
    if (nodes_.empty()) {
      store = storage::sqlite::SqliteStore::open(folder_.path() / "data").value();
    } else {
      store = std::make_unique<storage::sqlite::testing::SecondStore>(folder_.path() / "data");
    }
    if (reads != nullptr) store = std::make_unique<changes::testing::FaultyStore>(std::move(store), *reads);
    nodes_.push_back(std::make_unique<TestNode>(std::move(store), bus_.node(name), settings_, clock_));
    return *nodes_.back();
  }
  /// Two nodes that know each other.
  std::pair<TestNode&, TestNode&> start_two() {
    TestNode& a = start("a");
    TestNode& b = start("b");
    know_each_other();
    return {a, b};
  }
  void know_each_other() {
    EXPECT_TRUE(test::eventually([this] {
      return std::all_of(nodes_.begin(), nodes_.end(),
                         [this](const auto& node) { return node->nodes().size() == nodes_.size(); });
    }));
  }
  void TearDown() override {
    while (!nodes_.empty()) nodes_.pop_back();  // the owner of the data folder is the last one
  }
  /// Until every node has this node's state.
  void settle(TestNode& written) {
    const auto newest = [](TestNode& node, std::string_view environment) {
      return node.application().model().current(environment)->revision();
    };
    EXPECT_TRUE(test::eventually([&] {
      return std::all_of(nodes_.begin(), nodes_.end(), [&](const auto& node) {
        return newest(*node, "production") >= newest(written, "production") &&
               newest(*node, "system") >= newest(written, "system");
      });
    }));
  }

  static service::Principal owner(domain::Id id = 1) {
    service::Principal who;
    who.kind = service::Principal::Kind::admin;
    who.id = id;
    who.name = "owner";
    who.role = domain::Role::owner;
    who.environment = "production";
    return who;
  }
  struct NewClient {
    domain::Id id = 0;
    domain::Id token_id = 0;
    std::string token;
  };
  /// Known to all nodes.
  NewClient make_client(TestNode& node, const std::string& key) {
    const auto made = wait_for<changes::Written>([&](changes::Done done) {
      node.application().clients().create(owner(), parse(R"({"key":")" + key + R"(","name":"Client"})"), {},
                                          std::move(done));
    });
    EXPECT_TRUE(made.has_value());
    const auto issued = wait_for<service::IssuedToken>([&](service::IssueDone done) {
      node.application().tokens().issue(owner(), made->id, parse("{}"), {}, std::move(done));
    });
    EXPECT_TRUE(issued.has_value());
    settle(node);
    return {made->id, domain::integer_in(*json::find(issued->record, "id")).value_or(0),
            std::string(issued->token.reveal())};
  }

  template <typename Send>
  static Result<service::SendResult> told(TestNode& node, Send&& send) {
    return wait_for<service::SendResult>(
        [&](service::SendDone done) { send(node.realtime().messages(), std::move(done)); });
  }
  static Result<service::SendResult> announce(TestNode& node, std::string_view body,
                                              const service::Principal& who = owner()) {
    return told(node, [&](service::MessageSender& to, service::SendDone done) {
      to.broadcast_announcement(who, *service::read_announcement(parse(body)), std::move(done));
    });
  }

  togglecast::testing::TemporaryFolder folder_;
  ManualClock clock_;
  NodeSettings settings_;
  test::SharedBus bus_;
  std::vector<std::unique_ptr<TestNode>> nodes_;
};

}  // namespace togglecast::app::testing
