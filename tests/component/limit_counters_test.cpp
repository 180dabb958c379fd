// Each limit of a connection is counted when somebody passes it.
#include <gmock/gmock.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "support/socketio_server.hpp"

namespace togglecast {
namespace {

using socketio::Options;
using socketio::Socket;
using test::client_frame;
using test::SocketIoServer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::StartsWith;

// What was passed how often. Shards count where they notice, which may be after the client has its answer.
std::map<std::string_view, std::uint64_t> passed(SocketIoServer& server) {
  server.settle();
  std::map<std::string_view, std::uint64_t> found;
  for (std::size_t i = 0; i < engineio::kLimits; ++i) {
    for (std::size_t shard = 0; shard < server.pool().size(); ++shard)
      found[to_string(static_cast<engineio::Limit>(i))] +=
          server.io().engine().counters(shard).limits_passed[i].value.load();
  }
  for (std::size_t i = 0; i < socketio::kLimits; ++i) {
    const auto limit = static_cast<socketio::Limit>(i);
    found[to_string(limit)] += server.io().passed(limit).load();
  }
  std::erase_if(found, [](const auto& entry) { return entry.second == 0; });
  return found;
}

TEST(LimitCounters, MessagesAndBodiesThatAreTooLarge) {
  Options options;
  options.engine.max_payload = 1'000;
  SocketIoServer server(std::move(options));
  server.start();
  const std::string large = "4" + std::string(1'000, 'x');

  auto client = server.joined();
  client.send(large);
  EXPECT_TRUE(client.tcp().closed_by_server());
  auto polling = server.polling();
  EXPECT_EQ(polling.post(large).status, 413);

  EXPECT_THAT(passed(server), ElementsAre(Pair("max_payload", 2)));
}

// A connection is trusted when it asks for it, and `size` answers with the bytes of a text.
void trust_who_asks(SocketIoServer& server) {
  server.main().on("trust", [](socketio::Event& event) {
    event.socket().trust_connection();
    event.ack();
  });
  server.main().on("size", [](socketio::Event& event) { event.ack(event[0].as_string().size()); });
}

Options distrustful() {
  Options options;
  options.engine.max_payload = 3'000;
  options.engine.untrusted_payload = 1'000;
  options.engine.untrusted_payload_message = "too big for a stranger";
  return options;
}

const std::string kLargeEvent = R"(421["size",")" + std::string(2'000, 'x') + R"("])";

TEST(LimitCounters, LargeMessagesOfConnectionsThatAreNotTrusted) {
  SocketIoServer server(distrustful());
  trust_who_asks(server);
  server.start();
  auto stranger = server.joined();
  auto trusted = server.joined();

  stranger.send(kLargeEvent);
  trusted.round_trip("trust");
  trusted.send(kLargeEvent);

  const auto closed = stranger.websocket().receive();
  ASSERT_TRUE(closed);
  EXPECT_EQ(closed->opcode, 8U);
  EXPECT_EQ(closed->payload, "\x03\xf1too big for a stranger");
  EXPECT_EQ(trusted.next(), "431[2000]");
  trusted.send("4" + std::string(3'000, 'x'));
  EXPECT_TRUE(trusted.tcp().closed_by_server());
  EXPECT_THAT(passed(server), ElementsAre(Pair("max_payload", 1), Pair("untrusted_payload", 1)));
}

// Its shard is not always that of the connection on which a POST arrives.
TEST(LimitCounters, LargeBodiesOfSessionsThatAreNotTrusted) {
  SocketIoServer server(distrustful());
  trust_who_asks(server);
  server.start();
  for (const std::size_t posts_to : {0U, 1U}) {
    test::PollingClient stranger(server.connect_to(0), server.connect_to(posts_to));
    test::PollingClient trusted(server.connect_to(0), server.connect_to(posts_to));

    EXPECT_EQ(stranger.post("40").status, 200);
    const auto refused = stranger.post(kLargeEvent);
    EXPECT_EQ(trusted
                  .post("40\x1e"
                        "420[\"trust\"]")
                  .status,
              200);
    test::PollingClient& same = trusted;
    same.posts() = server.connect_to(posts_to);
    EXPECT_EQ(same.post(kLargeEvent).status, 200);

    EXPECT_EQ(refused.status, 413);
    EXPECT_EQ(refused.body, "too big for a stranger");
    EXPECT_TRUE(test::eventually([&] { return server.open_sessions() == 1 + posts_to; }));
    std::string last;
    while (last != "431[2000]") {
      const auto packet = trusted.receive();
      ASSERT_TRUE(packet);
      last = *packet;
    }
  }
  EXPECT_THAT(passed(server), ElementsAre(Pair("untrusted_payload", 2)));
}

TEST(LimitCounters, AnUpgradeKeepsTheTrust) {
  for (const bool trusted : {true, false}) {
    SocketIoServer server(distrustful());
    trust_who_asks(server);
    server.start();
    auto polling = server.polling();
    EXPECT_EQ(polling
                  .post(trusted ? "40\x1e"
                                  "420[\"trust\"]"
                                : "40")
                  .status,
              200);

    test::WebSocketClient websocket(test::HttpClient(server.port()),
                                    "/socket.io/?EIO=4&transport=websocket&sid=" + polling.sid());
    websocket.send("2probe");
    EXPECT_EQ(websocket.receive()->payload, "3probe");
    websocket.send("5");
    websocket.send(kLargeEvent);

    std::string last;
    while (const auto frame = websocket.receive()) {
      last = frame->payload;
      if (frame->opcode == 8 || last == "431[2000]") break;
    }
    EXPECT_EQ(last, trusted ? "431[2000]" : "\x03\xf1too big for a stranger");
  }
}

TEST(LimitCounters, MessagesOfTooManyFragments) {
  Options options;
  options.engine.fragments_per_message = 3;
  SocketIoServer server(std::move(options));
  server.start();
  auto fine = server.joined();
  auto client = server.joined();
  const std::string middle = client_frame({.opcode = 0, .payload = "x", .final = false});

  fine.tcp().send(client_frame({.payload = "42[\"x\"", .final = false}) +
                  client_frame({.opcode = 0, .final = false}) + client_frame({.opcode = 0, .payload = "]"}));
  client.tcp().send(client_frame({.payload = "4", .final = false}) + middle + middle + middle);

  EXPECT_TRUE(client.tcp().closed_by_server());
  fine.round_trip();
  EXPECT_THAT(passed(server), ElementsAre(Pair("fragments_per_message", 1)));
}

TEST(LimitCounters, BodiesOfTooManyPackets) {
  Options options;
  options.engine.packets_per_payload = 2;
  SocketIoServer server(std::move(options));
  server.start();
  auto client = server.polling();

  const std::string packet = "3", separator = "\x1e";

  EXPECT_EQ(client.post(packet + separator + packet).status, 200);
  const auto refused = client.post(packet + separator + packet + separator + packet);

  EXPECT_EQ(refused.status, 400);
  EXPECT_THAT(refused.body, HasSubstr("too many packets"));
  EXPECT_THAT(passed(server), ElementsAre(Pair("packets_per_payload", 1)));
}

TEST(LimitCounters, PacketsThatNobodyPolls) {
  Options options;
  options.engine.polling_backlog = 10'000;
  SocketIoServer server(std::move(options));
  server.start();
  auto client = server.polling();

  client.post("40");
  for (int i = 0; i < 20; ++i) {
    server.main().emit("block", std::string(1'000, 'x'));
    server.settle();
  }

  EXPECT_TRUE(test::eventually([&] { return server.open_sessions() == 0; }));
  EXPECT_THAT(passed(server), ElementsAre(Pair("polling_backlog", 1)));
}

TEST(LimitCounters, ConnectionsThatJoinNothing) {
  Options options;
  options.connect_timeout = Milliseconds(50);
  SocketIoServer server(std::move(options));
  server.start();
  auto idle = server.client();

  EXPECT_TRUE(idle.tcp().closed_by_server());

  EXPECT_THAT(passed(server), ElementsAre(Pair("connect_timeout", 1)));
}

TEST(LimitCounters, NamespacesOfOneConnection) {
  Options options;
  options.namespaces_per_connection = 1;
  SocketIoServer server(std::move(options));
  server.io().of("/chat");
  server.start();
  auto client = server.joined();

  EXPECT_THAT(client.join("/chat"), StartsWith("44/chat,{\"message\":\"Too many namespaces"));

  EXPECT_THAT(passed(server), ElementsAre(Pair("namespaces_per_connection", 1)));
}

TEST(LimitCounters, AttachmentsAndDepthOfPackets) {
  Options options;
  options.decoder = {.attachments = 1, .json = {.depth = 3}};
  SocketIoServer server(std::move(options));
  server.start();
  for (const char* packet : {"452-[\"x\"]", "42[\"x\",[[[]]]]", "42[\"x\",[[{}]]]", "42[\"x\""}) {
    auto client = server.joined();
    client.send(packet);
    EXPECT_TRUE(client.tcp().closed_by_server()) << packet;
  }

  EXPECT_THAT(server.logged("attachments"), HasSubstr("more than 1 attachments in one packet"));
  EXPECT_THAT(server.logged("nested"), HasSubstr("nested deeper than 3 levels"));
  EXPECT_THAT(passed(server), ElementsAre(Pair("attachments_per_packet", 1), Pair("json_depth", 2)));
}

TEST(LimitCounters, AcknowledgementsThatAreOwed) {
  Options options;
  options.pending_acks = 2;
  SocketIoServer server(std::move(options));
  server.main().on_connection([](Socket& socket) {
    for (int i = 0; i < 5; ++i)
      socket.emit_with_ack(
          std::chrono::hours(1), [](const auto&) {}, "q", i);
  });
  server.start();
  auto client = server.joined();
  client.round_trip();

  EXPECT_THAT(passed(server), ElementsAre(Pair("pending_acks", 3)));
}

}  // namespace
}  // namespace togglecast
