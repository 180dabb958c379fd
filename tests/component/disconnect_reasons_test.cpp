// Every way in which a socket ends, and what its handlers are told.

#include "connection_fixture.hpp"

namespace togglecast::testing {
namespace {

using socketio::Event;
using ::testing::StartsWith;

class DisconnectReasons : public ConnectionTest {
 protected:
  DisconnectReasons() {
    server().main().on("leave", [](Event& event) { event.socket().disconnect(); });
    server().main().on("close", [](Event& event) { event.socket().disconnect(true); });
    server().main().on("cut", [](Event& event) {
      event.socket().close_transport(wire::websocket::CloseCode::try_again_later);
    });
    start();
  }
};

TEST_F(DisconnectReasons, TheClientLeavesTheNamespace) {
  auto client = server().joined();
  client.send("41");
  EXPECT_EQ(reasons_.take(), "client namespace disconnect");
  EXPECT_THAT(client.join(), StartsWith("40{")) << "the connection stays";
}

TEST_F(DisconnectReasons, TheServerEndsTheNamespace) {
  auto client = server().joined();
  client.emit("[\"leave\"]");
  EXPECT_EQ(reasons_.take(), "server namespace disconnect");
  EXPECT_EQ(client.next(), "41");
  EXPECT_THAT(client.join(), StartsWith("40{")) << "the connection stays";
}

TEST_F(DisconnectReasons, TheServerEndsTheConnection) {
  auto client = server().joined();
  client.emit("[\"close\"]");
  EXPECT_EQ(reasons_.take(), "server namespace disconnect");
  EXPECT_EQ(client.next(), "41");
  EXPECT_EQ(client.receive(), std::nullopt);
}

TEST_F(DisconnectReasons, TheServerClosesTheTransportWithACode) {
  auto client = server().joined();
  client.emit("[\"cut\"]");
  EXPECT_EQ(reasons_.take(), "forced close");
  const auto frame = client.websocket().receive();
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->opcode, 8U);
  EXPECT_EQ(frame->payload, "\x03\xf5");
}

TEST_F(DisconnectReasons, TheWebSocketIsClosed) {
  auto client = server().joined();
  client.tcp().send(test::client_frame({.opcode = 8, .payload = "\x03\xe9"}));
  EXPECT_EQ(reasons_.take(), "transport close");
}

TEST_F(DisconnectReasons, TheConnectionEndsOrBreaks) {
  auto client = server().joined();
  client.tcp().close();
  EXPECT_EQ(reasons_.take(), "transport close");
  auto other = server().joined();
  other.tcp().reset();
  EXPECT_EQ(reasons_.take(), "transport close");
}

TEST_F(DisconnectReasons, TheEngineIsClosedByItsOwnPacket) {
  auto client = server().joined();
  client.send("1");
  EXPECT_EQ(reasons_.take(), "transport close");
}

TEST_F(DisconnectReasons, TheWebSocketProtocolIsBroken) {
  auto client = server().joined();
  client.tcp().send(test::client_frame({.payload = "42[\"x\"]", .masked = false}));
  EXPECT_EQ(reasons_.take(), "transport error");
}

TEST_F(DisconnectReasons, APacketIsUnreadable) {
  for (const auto* packet :
       {"42[\"x\"", "4", "49", "42{}", "42[]", "42[\"disconnect\"]", "43[]x", "45-[\"x\"]"}) {
    auto client = server().joined();
    client.send(packet);
    EXPECT_EQ(reasons_.take(), "parse error") << packet;
    EXPECT_TRUE(client.tcp().closed_by_server());
  }
}

TEST_F(DisconnectReasons, APollThatIsBrokenOff) {
  auto client = server().polling();
  client.post("40");
  client.receive();
  server().hold_poll(client);
  client.gets().tcp().close();
  EXPECT_EQ(reasons_.take(), "transport error");
}

TEST_F(DisconnectReasons, TheServerShutsDown) {
  auto client = server().joined();
  auto polling = server().polling();
  polling.post("40");
  server().io().close();
  EXPECT_EQ(reasons_.take(), "server shutting down");
  EXPECT_EQ(reasons_.take(), "server shutting down");
  EXPECT_EQ(client.receive(), std::nullopt);
  EXPECT_EQ(server().open_sessions(), 0U);
}

}  // namespace
}  // namespace togglecast::testing
