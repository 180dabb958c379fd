// Each limit of a connection is counted when somebody passes it.
#include <gmock/gmock.h>

#include <chrono>
#include <string>
#include <utility>

#include "support/socketio_server.hpp"

namespace togglecast {
namespace {

using socketio::Options;
using socketio::Socket;
using test::client_frame;
using test::SocketIoServer;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::uint64_t passed(SocketIoServer& server, engineio::Limit limit) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < server.pool().size(); ++i)
    sum += server.io().engine().counters(i).limits_passed[static_cast<std::size_t>(limit)].value.load();
  return sum;
}

std::uint64_t passed(SocketIoServer& server, socketio::Limit limit) {
  return server.io().passed(limit).load();
}

std::uint64_t passed(SocketIoServer& server) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < engineio::kLimits; ++i) sum += passed(server, static_cast<engineio::Limit>(i));
  for (std::size_t i = 0; i < socketio::kLimits; ++i) sum += passed(server, static_cast<socketio::Limit>(i));
  return sum;
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

  EXPECT_EQ(passed(server, engineio::Limit::max_payload), 2U);
  EXPECT_EQ(passed(server), 2U);
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
  EXPECT_EQ(passed(server, engineio::Limit::fragments_per_message), 1U);
  EXPECT_EQ(passed(server), 1U);
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
  EXPECT_EQ(passed(server, engineio::Limit::packets_per_payload), 1U);
  EXPECT_EQ(passed(server), 1U);
}

TEST(LimitCounters, PacketsThatNobodyPolls) {
  Options options;
  options.engine.polling_backlog = 10'000;
  SocketIoServer server(std::move(options));
  server.main().on_connection([](Socket& socket) {
    for (int i = 0; i < 20; ++i) socket.emit("block", std::string(1'000, 'x'));
  });
  server.start();
  auto client = server.polling();

  client.post("40");

  EXPECT_TRUE(test::eventually([&] { return server.open_sessions() == 0; }));
  EXPECT_EQ(passed(server, engineio::Limit::polling_backlog), 1U);
  EXPECT_EQ(passed(server), 1U);
}

TEST(LimitCounters, ConnectionsThatJoinNothing) {
  Options options;
  options.connect_timeout = Milliseconds(50);
  SocketIoServer server(std::move(options));
  server.start();
  auto idle = server.client();

  EXPECT_TRUE(idle.tcp().closed_by_server());

  EXPECT_EQ(passed(server, socketio::Limit::connect_timeout), 1U);
  EXPECT_EQ(passed(server), 1U);
}

TEST(LimitCounters, NamespacesOfOneConnection) {
  Options options;
  options.namespaces_per_connection = 1;
  SocketIoServer server(std::move(options));
  server.io().of("/chat");
  server.start();
  auto client = server.joined();

  EXPECT_THAT(client.join("/chat"), StartsWith("44/chat,{\"message\":\"Too many namespaces"));

  EXPECT_EQ(passed(server, socketio::Limit::namespaces_per_connection), 1U);
  EXPECT_EQ(passed(server), 1U);
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
  EXPECT_EQ(passed(server, socketio::Limit::attachments_per_packet), 1U);
  EXPECT_EQ(passed(server, socketio::Limit::json_depth), 2U);
  EXPECT_EQ(passed(server), 3U);
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

  EXPECT_EQ(passed(server, socketio::Limit::pending_acks), 3U);
  EXPECT_EQ(passed(server), 3U);
}

}  // namespace
}  // namespace togglecast
