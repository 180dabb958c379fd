// Two servers of ours in one process, with each adapter, over one real Redis. Node's servers are in
// tests/e2e/adapters.
#include <gmock/gmock.h>

#include <map>
#include <memory>
#include <string>

#include "adapters/emitter_bridge.hpp"
#include "adapters/redis_adapters.hpp"
#include "cluster/redis/client.hpp"
#include "cluster/redis/options.hpp"
#include "support/redis_server.hpp"
#include "support/socketio_server.hpp"

namespace togglecast::adapters {
namespace {

using cluster::redis::Client;
using cluster::redis::Reply;
using socketio::Event;
using test::eventually;
using ::testing::HasSubstr;

test::RedisServer& redis() {
  static test::RedisServer server;
  return server;
}

std::unique_ptr<Client> open_client() {
  cluster::redis::ClientOptions options;
  options.address = *cluster::redis::parse_address(redis().url());
  auto client = cluster::redis::open_client(options, nullptr);
  EXPECT_TRUE(client) << client.error().message;
  return *std::move(client);
}

AdapterFactory factory(const std::string& kind, Client& client, ClusterOptions cluster) {
  if (kind == "redis") return classic_adapter(client, std::move(cluster));
  if (kind == "sharded") return sharded_adapter(client, {.cluster = std::move(cluster)});
  if (kind == "static")
    return sharded_adapter(client, {.cluster = std::move(cluster), .mode = SubscriptionMode::fixed});
  if (kind == "dynamic-private") {
    return sharded_adapter(client,
                           {.cluster = std::move(cluster), .mode = SubscriptionMode::dynamic_private});
  }
  StreamsOptions options{.cluster = std::move(cluster), .recovery = Milliseconds{60'000}};
  options.stream_name = options.cluster.prefix + "-stream";
  options.session_prefix = options.cluster.prefix + "-session:";
  return streams_adapter(client, options);
}

/// A server, and its client of Redis.
struct Member {
  Member(const std::string& kind, const ClusterOptions& cluster) : client(open_client()) {
    socketio::Options options;
    options.adapter = factory(kind, *client, cluster);
    server = std::make_unique<test::SocketIoServer>(std::move(options));
    auto& main = server->main();
    main.on("join", [](Event& event) {
      event.socket().join(std::string(event[0].get_string()));
      event.ack(1);
    });
    main.on("all",
            [](Event& event) { event.socket().nsp().everyone().emit_arguments("news", event.args()); });
    main.on("room", [](Event& event) {
      event.socket().nsp().to(std::string(event[0].get_string())).emit("news", event[1]);
    });
    main.on("move", [](Event& event) {
      event.socket().nsp().to(std::string(event[0].get_string())).sockets_join({"moved"});
    });
    main.on("count", [](Event& event) {
      event.socket().nsp().to("moved").fetch_sockets([ack = event.acknowledgement()](const auto& sockets) {
        ack(sockets ? std::to_string(sockets->size()) : sockets.error().message);
      });
    });
    main.on("ask", [](Event& event) {
      event.socket()
          .nsp()
          .everyone()
          .timeout(Milliseconds{60'000})
          .emit_with_ack(
              [ack = event.acknowledgement()](const socketio::Answers& answers) {
                ack(answers.answers.size(), answers.timed_out);
              },
              "question");
    });
    main.on("servers", [](Event& event) {
      event.socket().nsp().server_side_emit(
          [ack = event.acknowledgement()](const auto& answers) {
            ack(answers ? std::to_string(answers->size()) : answers.error().message);
          },
          "peer", 1);
    });
    main.on_server_side(
        "peer", [](const socketio::Arguments& args, const std::function<void(socketio::Arguments)>& answer) {
          if (answer) answer(args);
        });
    server->start();
  }
  ~Member() {
    server->stop();
    server.reset();
    client->stop();
  }
  Member(const Member&) = delete;
  Member& operator=(const Member&) = delete;

  std::unique_ptr<Client> client;
  std::unique_ptr<test::SocketIoServer> server;
};

/// Skips packets until one begins so.
std::string next(test::SocketIoClient& client, std::string_view beginning) {
  while (auto packet = client.receive()) {
    if (packet->starts_with(beginning)) return *std::move(packet);
  }
  ADD_FAILURE() << "the connection ended before " << beginning;
  return {};
}

class ClusterTest : public ::testing::TestWithParam<const char*> {
 protected:
  ClusterTest() {
    static int runs = 0;
    options_.prefix = std::string("t") + std::to_string(++runs) + GetParam();
    a_ = std::make_unique<Member>(GetParam(), options_);
    b_ = std::make_unique<Member>(GetParam(), options_);
    auto client = a_->server->joined();
    EXPECT_TRUE(eventually([&] { return ask(client, "servers") == "1"; })) << "both know of each other";
  }
  std::string ask(test::SocketIoClient& client, const std::string& event) {
    client.send("421[\"" + event + "\"]");
    const std::string answer = next(client, "431[");
    return answer.size() < 6 ? std::string{} : answer.substr(5, answer.size() - 7);
  }
  // A room's channel is listened to a moment after the first member has joined.
  bool reaches(test::SocketIoClient& from, test::SocketIoClient& to, const std::string& room) {
    return eventually([&] {
      from.send(R"(42["room",")" + room + R"(","hello"])");
      from.send("420[\"count\"]");
      next(from, "430[");
      to.send("420[\"count\"]");
      while (auto packet = to.receive()) {
        if (packet->starts_with("42[\"news\"")) {
          next(to, "430[");
          return true;
        }
        if (packet->starts_with("430[")) return false;
      }
      return false;
    });
  }

  ClusterOptions options_{};
  std::unique_ptr<Member> a_;
  std::unique_ptr<Member> b_;
};

TEST_P(ClusterTest, BroadcastsReachBothServers) {
  auto one = a_->server->joined();
  auto two = b_->server->joined();

  one.send(R"(42["all",1,"text"])");

  for (auto* client : {&one, &two}) EXPECT_THAT(next(*client, "42["), HasSubstr(R"(["news",1,"text")"));
}

TEST_P(ClusterTest, RoomsAndSingleSocketsAreReached) {
  auto one = a_->server->joined();
  auto two = b_->server->joined();
  two.send(R"(421["join","r"])");
  next(two, "431[");

  EXPECT_TRUE(reaches(one, two, "r"));
}

TEST_P(ClusterTest, SocketsOfBothServersJoinAndAreFetched) {
  auto one = a_->server->joined();
  auto two = b_->server->joined();
  for (auto* client : {&one, &two}) {
    client->send(R"(421["join","r"])");
    next(*client, "431[");
  }

  one.send(R"(42["move","r"])");

  EXPECT_TRUE(eventually([&] { return ask(one, "count") == "2"; }));
  EXPECT_EQ(ask(two, "count"), "2");
}

TEST_P(ClusterTest, AcknowledgementsOfBothServersAreGathered) {
  auto one = a_->server->joined();
  auto two = b_->server->joined();

  one.send("421[\"ask\"]");
  for (auto* client : {&one, &two}) {
    const std::string question = next(*client, "42");
    client->send("43" + question.substr(2, question.find('[') - 2) + "[7]");
  }

  EXPECT_EQ(next(one, "431["), "431[2,false]");
}

TEST_P(ClusterTest, AServerThatEndsLeavesWhileMessagesArrive) {
  auto one = a_->server->joined();
  for (int i = 0; i < 200; ++i) one.send(R"(42["all",1])");
  b_.reset();
  for (int i = 0; i < 200; ++i) one.send(R"(42["all",2])");

  EXPECT_TRUE(eventually([&] { return ask(one, "servers") == "0"; }));
}

INSTANTIATE_TEST_SUITE_P(Adapters, ClusterTest,
                         ::testing::Values("redis", "sharded", "static", "dynamic-private", "streams"),
                         [](const auto& kind) {
                           std::string name = kind.param;
                           std::erase(name, '-');
                           return name;
                         });

TEST(DynamicNamespaces, ComeAndGoWithTheirSubscriptions) {
  for (const char* kind : {"redis", "sharded", "streams"}) {
    const ClusterOptions options{.prefix = std::string("dynamic-") + kind};
    auto client = open_client();
    socketio::Options io_options;
    io_options.adapter = factory(kind, *client, options);
    test::SocketIoServer server(std::move(io_options));
    server.io().of_pattern("^/game/\\d+$").on("all", [](Event& event) {
      event.socket().nsp().emit("news", event[0]);
    });
    server.start();
    for (int round = 0; round < 20; ++round) {
      auto one = server.joined("/game/" + std::to_string(round % 3));
      one.send("42/game/" + std::to_string(round % 3) + ",[\"all\",1]");
      next(one, "42/game/");
    }
    EXPECT_TRUE(eventually([&] { return server.io().dynamic_count() == 0; })) << kind;
    server.stop();
    client->stop();
  }
}

TEST(EmitterBridgeTest, RefusesTheProductsNamespacesAndEndsCleanly) {
  auto client = open_client();
  test::SocketIoServer server;
  for (const char* name : {"/admin", "/client"}) {
    const auto refused = EmitterBridge::open(*client, {&server.io().of(name)});
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, HasSubstr(name));
  }
  EXPECT_FALSE(EmitterBridge::open(*client, {}));
  server.start();
  auto listener = server.joined();
  auto bridge = EmitterBridge::open(*client, {&server.main()}, {.python_channels = {"flask"}});
  ASSERT_TRUE(bridge);
  auto publisher = open_client();
  const auto publish = [&] {
    publisher->command({"PUBLISH", "flask", R"({"method":"emit","event":"e","data":1})"}, {});
  };

  ASSERT_TRUE(eventually([&] {
    publish();
    listener.send("421[\"sync\"]");
    while (auto packet = listener.receive()) {
      if (*packet == "431[]") return false;
      if (*packet == R"(42["e",1])") return true;
    }
    return false;
  }));
  for (int i = 0; i < 100; ++i) publish();
  bridge->reset();
  publisher->stop();
  client->stop();
  server.stop();
}

}  // namespace
}  // namespace togglecast::adapters
