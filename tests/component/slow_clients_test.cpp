// Clients that send one byte after the other, in every phase of a connection. Each phase ends at its own
// time, however steadily the bytes trickle, and nobody else notices.
#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "support/socketio_server.hpp"

namespace togglecast {
namespace {

using socketio::Options;
using test::client_frame;
using test::HttpClient;
using test::SocketIoClient;
using test::SocketIoServer;
using ::testing::HasSubstr;

constexpr Milliseconds kTime{1'000};  // of the phase under test; the bystander comes in it, too
constexpr Milliseconds kBetween{5};   // two bytes
constexpr std::string_view kUpgrade =
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

// A frame that announces much and has no payload yet. Its masking key changes nothing, so that any byte is
// text.
std::string endless_frame(unsigned opcode = 1) {
  constexpr std::string_view kNoMask("\0\0\0\0", 4);
  return client_frame({.opcode = opcode, .payload = std::string(60'000, 'x'), .mask = kNoMask}).substr(0, 8);
}

// Sends one byte after the other until the server has ended the connection, while `other` is served. What the
// server said.
std::string trickle(test::TcpClient& client, SocketIoClient& other) {
  std::string said;
  for (int i = 0; i < 10'000 && client.send("y"); ++i) {
    if (i % 8 == 0) other.round_trip();
    while (client.readable(kBetween)) {
      const std::string byte = client.receive(1);
      if (byte.empty()) {
        other.round_trip();
        return said;
      }
      said += byte;
    }
  }
  EXPECT_TRUE(client.closed_by_server());
  other.round_trip();
  return said;
}

class SlowClients : public ::testing::Test {
 protected:
  void start(Options options = {}, web::HttpOptions http = {}) {
    server_ = std::make_unique<SocketIoServer>(std::move(options));
    server_->http_options() = std::move(http);
    server_->start();
    other_ = std::make_unique<SocketIoClient>(server_->joined());
  }
  // Only the bystander is left, which goes on answering pings.
  void expect_gone() {
    EXPECT_TRUE(test::eventually([&] {
      other_->round_trip();
      return server_->open_sessions() == 1 && server_->open_streams() == 1;
    }));
  }
  static web::HttpOptions short_requests() { return {.request_timeout = kTime}; }
  static Options short_heartbeat() {
    Options options;
    options.engine.ping_interval = kTime;
    options.engine.ping_timeout = 3 * kTime;  // the bystander has to answer in time
    return options;
  }
  std::string trickle_behind(std::string_view start) {
    HttpClient client(server_->port());
    client.tcp().send(start);
    return trickle(client.tcp(), *other_);
  }

  std::unique_ptr<SocketIoServer> server_;
  std::unique_ptr<SocketIoClient> other_;
};

TEST_F(SlowClients, ARequestLine) {
  start({}, short_requests());

  EXPECT_THAT(trickle_behind("GET /socket.io/?EIO=4&transport=polling&x="), HasSubstr("408"));

  expect_gone();
}

TEST_F(SlowClients, AHeader) {
  start({}, short_requests());

  EXPECT_THAT(trickle_behind("GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\nX: "),
              HasSubstr("408"));

  expect_gone();
}

TEST_F(SlowClients, AnUpgradeRequest) {
  start({}, short_requests());

  const auto said = trickle_behind("GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\n" +
                                   std::string(kUpgrade) + "X: ");

  EXPECT_THAT(said, HasSubstr("408"));
  expect_gone();
}

TEST_F(SlowClients, ABody) {
  start({}, short_requests());
  auto session = server_->polling();

  const auto said =
      trickle_behind("POST " + session.target() + " HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n4");

  EXPECT_THAT(said, HasSubstr("408"));
}

TEST_F(SlowClients, AChunkedBody) {
  start({}, short_requests());
  auto session = server_->polling();

  const auto said = trickle_behind("POST " + session.target() +
                                   " HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nea60\r\n");

  EXPECT_THAT(said, HasSubstr("408"));
}

TEST_F(SlowClients, ASecondRequestOnAConnection) {
  start({}, short_requests());
  HttpClient client(server_->port());
  EXPECT_EQ(client.get("/nothing").status, 404);
  client.tcp().send("GET /socket.io/?x=");

  EXPECT_THAT(trickle(client.tcp(), *other_), HasSubstr("408"));

  expect_gone();
}

TEST_F(SlowClients, AFrameBeforeAnythingIsJoined) {
  Options options;
  options.connect_timeout = kTime;
  start(std::move(options));
  SocketIoClient client = server_->client();
  client.tcp().send(endless_frame());

  trickle(client.tcp(), *other_);

  expect_gone();
}

TEST_F(SlowClients, AFrameOfOneThatHasJoined) {
  start(short_heartbeat());
  SocketIoClient client = server_->joined();
  client.tcp().send(endless_frame());

  trickle(client.tcp(), *other_);

  expect_gone();
}

TEST_F(SlowClients, AnAttachment) {
  start(short_heartbeat());
  SocketIoClient client = server_->joined();
  client.send(R"(451-["event",{"_placeholder":true,"num":0}])");
  client.tcp().send(endless_frame(2));

  trickle(client.tcp(), *other_);

  expect_gone();
}

TEST_F(SlowClients, AProbeLeavesItsSessionAlone) {
  Options options;
  options.engine.upgrade_timeout = kTime;
  start(std::move(options));
  auto session = server_->polling();
  HttpClient client(server_->port());
  client.tcp().send("GET /socket.io/?EIO=4&transport=websocket&sid=" + session.sid() +
                    " HTTP/1.1\r\nHost: x\r\n" + std::string(kUpgrade) + "\r\n");
  EXPECT_EQ(client.receive().status, 101);
  client.tcp().send(endless_frame());

  trickle(client.tcp(), *other_);

  EXPECT_EQ(session.post("40").status, 200);
  EXPECT_THAT(session.receive().value_or(""), HasSubstr("\"sid\""));
}

}  // namespace
}  // namespace togglecast
