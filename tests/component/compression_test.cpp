// permessage-deflate through the whole tower: negotiated, broadcast, refused.
#include <gtest/gtest.h>

#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "support/socketio_server.hpp"
#include "wire/websocket/deflate.hpp"

namespace togglecast::socketio {
namespace {

using test::client_frame;
using test::HttpClient;
using test::ServerFrame;
using test::SocketIoServer;
using test::WebSocketClient;
using wire::websocket::Deflater;
using wire::websocket::Inflater;

constexpr const char* kTarget = "/socket.io/?EIO=4&transport=websocket";
constexpr const char* kOffer = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";
constexpr const char* kNarrowOffer =
    "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=10\r\n";

Options compressing() {
  Options options;
  options.engine.per_message_deflate.enabled = true;
  return options;
}

// A client that understands compression; it may send compressed packets, too.
class DeflatingClient {
 public:
  DeflatingClient(HttpClient http, const char* offer) : websocket_(std::move(http), kTarget, offer) {
    EXPECT_EQ(websocket_.response().status, 101);
    EXPECT_EQ(next().substr(0, 1), "0");
    send("40");
    EXPECT_EQ(next().substr(0, 2), "40");
  }

  [[nodiscard]] std::string agreed() const {
    return websocket_.response().header("Sec-WebSocket-Extensions");
  }
  void send(std::string_view packet) { websocket_.send(packet); }
  void send_compressed(std::string_view packet) {
    Deflater deflater(15, 9);
    send_deflated(deflater.deflate(packet));
  }
  void send_deflated(std::string_view payload) {
    websocket_.tcp().send(client_frame({.payload = payload, .reserved = 4}));
  }
  std::optional<ServerFrame> receive() {
    auto frame = websocket_.receive();
    if (frame && frame->reserved == 4) {
      EXPECT_EQ(inflater_.inflate(frame->payload, 1 << 24, frame->opcode == 1), Inflater::Outcome::whole);
      ++compressed_;
      frame->payload = inflater_.message();
    }
    return frame;
  }
  // The next packet that is not a ping.
  std::string next() {
    while (const auto frame = receive()) {
      if (frame->opcode == 8) break;
      if (frame->payload != "2") return frame->payload;
    }
    return "(the connection has ended)";
  }
  // The code of the close frame that ends the connection, 0 without one.
  unsigned close_code() {
    while (const auto frame = receive()) {
      if (frame->opcode != 8 || frame->payload.size() < 2) continue;
      return static_cast<unsigned char>(frame->payload[0]) * 256U +
             static_cast<unsigned char>(frame->payload[1]);
    }
    return 0;
  }
  [[nodiscard]] int compressed() const noexcept { return compressed_; }

 private:
  WebSocketClient websocket_;
  Inflater inflater_;
  int compressed_ = 0;
};

struct Totals {
  std::uint64_t compressed = 0, reused = 0;
};

Totals totals(SocketIoServer& server) {
  Totals sum;
  for (std::size_t i = 0; i < server.pool().size(); ++i) {
    const auto& counters = server.io().engine().deflate_counters(i);
    sum.compressed += counters.compressed.load();
    sum.reused += counters.reused.load();
  }
  return sum;
}

TEST(Compression, IsOffUnlessAskedFor) {
  SocketIoServer server;
  server.start();
  DeflatingClient client(HttpClient(server.port()), kOffer);

  EXPECT_EQ(client.agreed(), "");
  client.send_compressed("42[\"message\",\"" + std::string(500, 'a') + "\"]");
  EXPECT_EQ(client.close_code(), 1002U);
}

TEST(Compression, IsNotForcedOnThoseWhoDoNotOfferIt) {
  SocketIoServer server(compressing());
  server.main().on("text", [](Event& event) { event.ack(std::string(2'000, 'x')); });
  server.start();
  DeflatingClient client(HttpClient(server.port()), "");
  client.send("421[\"text\"]");

  EXPECT_EQ(client.agreed(), "");
  EXPECT_EQ(client.next(), "431[\"" + std::string(2'000, 'x') + "\"]");
  EXPECT_EQ(client.compressed(), 0);
}

TEST(Compression, WorksInBothDirections) {
  SocketIoServer server(compressing());
  server.main().on("echo", [](Event& event) { event.acknowledgement().send(event.args()); });
  server.start();
  DeflatingClient client(HttpClient(server.port()), kOffer);
  const std::string text(3'000, 'x');
  client.send_compressed("421[\"echo\",\"" + text + "\"]");

  EXPECT_EQ(client.agreed(), "permessage-deflate; server_no_context_takeover; client_no_context_takeover");
  EXPECT_EQ(client.next(), "431[\"" + text + "\"]");
  EXPECT_EQ(client.compressed(), 1);
  client.send("422[\"echo\",\"short\"]");
  EXPECT_EQ(client.next(), "432[\"short\"]");
  EXPECT_EQ(client.compressed(), 1);
}

TEST(Compression, OfABroadcastIsDoneOncePerWindow) {
  SocketIoServer server(compressing(), 1);
  server.start();
  std::deque<DeflatingClient> wide, narrow, plain;
  for (int i = 0; i < 20; ++i) wide.emplace_back(HttpClient(server.port()), kOffer);
  for (int i = 0; i < 5; ++i) narrow.emplace_back(HttpClient(server.port()), kNarrowOffer);
  for (int i = 0; i < 5; ++i) plain.emplace_back(HttpClient(server.port()), "");
  EXPECT_EQ(totals(server).compressed, 0U);
  const std::string text(2'000, 'b');
  server.io().emit("news", text);

  const std::string packet = "42[\"news\",\"" + text + "\"]";
  for (auto* clients : {&wide, &narrow, &plain}) {
    for (auto& client : *clients) EXPECT_EQ(client.next(), packet);
  }
  EXPECT_EQ(wide.front().compressed(), 1);
  EXPECT_EQ(narrow.front().compressed(), 1);
  EXPECT_EQ(plain.front().compressed(), 0);
  EXPECT_EQ(totals(server).compressed, 2U);
  EXPECT_EQ(totals(server).reused, 23U);
}

TEST(Compression, OfAttachmentsIsSharedToo) {
  SocketIoServer server(compressing(), 1);
  server.start();
  std::deque<DeflatingClient> clients;
  for (int i = 0; i < 10; ++i) clients.emplace_back(HttpClient(server.port()), kOffer);
  const std::string first(1'000, 'f'), second(1'000, 's');
  server.io().emit("files", Binary{SharedBytes(first)}, Binary{SharedBytes(second)});

  for (auto& client : clients) {
    EXPECT_EQ(client.next().substr(0, 5), "452-[");
    EXPECT_EQ(client.next(), first);
    EXPECT_EQ(client.next(), second);
  }
  EXPECT_EQ(totals(server).compressed, 2U);
  EXPECT_EQ(totals(server).reused, 18U);
}

TEST(Compression, LeavesPollingAlone) {
  SocketIoServer server(compressing(), 1);
  server.start();
  auto polling = server.polling();
  polling.post("40");
  EXPECT_EQ(polling.receive().value_or("").substr(0, 2), "40");
  DeflatingClient client(HttpClient(server.port()), kOffer);
  const std::string text(2'000, 'b');
  server.io().emit("news", text);

  EXPECT_EQ(polling.receive().value_or(""), "42[\"news\",\"" + text + "\"]");
  EXPECT_EQ(client.next(), "42[\"news\",\"" + text + "\"]");
}

TEST(Compression, ABombEndsAtTheLimitAndHitsOnlyItsSender) {
  SocketIoServer server(compressing());
  server.start();
  DeflatingClient bystander(HttpClient(server.port()), kOffer);
  Deflater deflater(15, 1);
  const std::string bomb(deflater.deflate(std::string(64 << 20, '4')));
  for (int i = 0; i < 3; ++i) {
    DeflatingClient offender(HttpClient(server.port()), kOffer);
    offender.send_deflated(bomb);
    EXPECT_EQ(offender.close_code(), 1009U);
  }

  bystander.send_compressed("421[\"sync\",\"" + std::string(500, 'x') + "\"]");
  EXPECT_EQ(bystander.next(), "431[]");
}

TEST(Compression, OffencesCloseWithTheirCodes) {
  SocketIoServer server(compressing());
  server.start();
  const auto code_of = [&](const std::string& bytes) {
    WebSocketClient client(HttpClient(server.port()), kTarget, kOffer);
    client.tcp().send(bytes);
    while (const auto frame = client.receive()) {
      if (frame->opcode == 8)
        return static_cast<unsigned char>(frame->payload[0]) * 256 +
               static_cast<unsigned char>(frame->payload[1]);
    }
    return 0;
  };
  const std::string corrupt = "\xff\xff";

  EXPECT_EQ(code_of(client_frame({.payload = corrupt, .reserved = 4})), 1007);
  EXPECT_EQ(code_of(client_frame({.opcode = 9, .reserved = 4})), 1002);
  EXPECT_EQ(code_of(client_frame({.payload = "2", .reserved = 2})), 1002);
  EXPECT_EQ(code_of(client_frame({.payload = "4", .final = false}) +
                    client_frame({.opcode = 0, .payload = "x", .reserved = 4})),
            1002);
}

TEST(Compression, FollowsASessionFromPollingToWebSocket) {
  SocketIoServer server(compressing());
  server.main().on("text", [](Event& event) { event.ack(std::string(2'000, 'x')); });
  server.start();
  auto polling = server.polling();
  polling.post("40");
  EXPECT_EQ(polling.receive().value_or("").substr(0, 2), "40");
  WebSocketClient upgraded(HttpClient(server.port()), std::string(kTarget) + "&sid=" + polling.sid(), kOffer);
  EXPECT_NE(upgraded.response().header("Sec-WebSocket-Extensions"), "");
  upgraded.send("2probe");
  EXPECT_EQ(upgraded.receive()->payload, "3probe");
  upgraded.send("5");
  upgraded.send("421[\"text\"]");

  const auto frame = upgraded.receive();
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->reserved, 4U);
  Inflater inflater;
  EXPECT_EQ(inflater.inflate(frame->payload, 1 << 16, true), Inflater::Outcome::whole);
  EXPECT_EQ(inflater.message(), "431[\"" + std::string(2'000, 'x') + "\"]");
}

}  // namespace
}  // namespace togglecast::socketio
