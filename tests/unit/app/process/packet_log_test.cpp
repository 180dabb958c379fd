#include "app/process/packet_log.hpp"

#include <gmock/gmock.h>

namespace togglecast::app {
namespace {

using engineio::PacketTrace;
using engineio::TransportKind;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

PacketFilter filter_of(const std::vector<std::string>& items) { return PacketFilter::parse(items).value(); }

TEST(PacketFilter, ReadsWhichConnections) {
  EXPECT_EQ(filter_of({"all"}).judge("192.0.2.1"), PacketFilter::Verdict::yes);
  EXPECT_EQ(filter_of({"address:192.0.2.1"}).judge("192.0.2.1"), PacketFilter::Verdict::yes);
  EXPECT_EQ(filter_of({"address:192.0.2.1"}).judge("192.0.2.2"), PacketFilter::Verdict::no);
  EXPECT_EQ(filter_of({"address:2001:DB8:0::1"}).judge("2001:db8::1"), PacketFilter::Verdict::yes);
  const auto named = filter_of({"client:acme", "admin:owner"});
  EXPECT_EQ(named.judge("192.0.2.1"), PacketFilter::Verdict::when_named);
  EXPECT_TRUE(named.includes("client", "acme"));
  EXPECT_TRUE(named.includes("admin", "owner"));
  EXPECT_FALSE(named.includes("client", "owner"));
  EXPECT_FALSE(named.includes("client", "acm"));
}

TEST(PacketFilter, QuotesWhatItCannotRead) {
  for (const char* wrong : {"", "any", "client:", "client", "address:", "address:localhost", "sid:1"}) {
    const auto filter = PacketFilter::parse({wrong});
    ASSERT_FALSE(filter) << wrong;
    EXPECT_THAT(filter.error().message, HasSubstr("'" + std::string(wrong) + "' names no connections"));
  }
}

TEST(PacketView, NamesThePartsOfAPacket) {
  const auto event = view_of_packet(R"(42/client,17["heartbeat",{"revision":3}])");
  EXPECT_EQ(event.engine, "message");
  EXPECT_EQ(event.type, "EVENT");
  EXPECT_EQ(event.nsp, "/client");
  EXPECT_EQ(event.text, R"(id 17 ["heartbeat",{"revision":3}])");
  EXPECT_EQ(event.bytes, 40U);
  EXPECT_EQ(view_of_packet(R"(451-["a",{"_placeholder":true,"num":0}])").type, "BINARY_EVENT");
  EXPECT_THAT(view_of_packet(R"(451-["a"])").text, HasSubstr("1 attachments"));
  EXPECT_EQ(view_of_packet("2").engine, "ping");
  EXPECT_EQ(view_of_packet("2probe").text, "probe");
  EXPECT_EQ(view_of_packet("bAAAA").text, "binary, in base64");
  EXPECT_EQ(view_of_packet("").engine, "unknown");
}

TEST(PacketView, ShowsNoSecret) {
  EXPECT_EQ(view_of_packet(R"(0{"sid":"AAAA","pingInterval":1})").text,
            R"({"sid":"[redacted]","pingInterval":1})");
  EXPECT_EQ(view_of_packet(R"(40/admin,{"token":"t","pid":"p"})").text,
            R"({"token":"[redacted]","pid":"p"})");
  EXPECT_EQ(view_of_packet(R"(42/admin,["admin_connect",{"token":"t"}])").text,
            R"(["admin_connect",{"token":"[redacted]"}])");
}

TEST(PacketView, WhatCannotBeReadIsToldByItsSize) {
  EXPECT_EQ(view_of_packet(R"(40{"token":"s)").text, "(unreadable, 11 bytes)");
  EXPECT_EQ(view_of_packet("49secret").text, "(7 bytes)");
  EXPECT_EQ(view_of_packet("3" + std::string(100, 's')).text, "(100 bytes)");
  EXPECT_EQ(view_of_packet("42[\"" + std::string(100'000, 's') + "\"]").text, "(100004 bytes)");
}

class PacketLogTest : public ::testing::Test {
 protected:
  std::unique_ptr<PacketTrace> connection(const std::vector<std::string>& which) {
    packets_ = std::make_unique<PacketLog>(filter_of(which), log_, clock_, metrics_);
    engineio::Handshake handshake;
    handshake.url = "/socket.io/?EIO=4&transport=websocket&token=t0ps3cret";
    handshake.peer.address = "192.0.2.1";
    return packets_->trace(handshake, "websocket");
  }

  ManualClock clock_;
  std::vector<std::string> lines_;
  observe::Log log_{{}, [this](std::string_view line) { lines_.emplace_back(line); }, clock_};
  observe::Metrics metrics_;
  std::unique_ptr<PacketLog> packets_;
};

TEST_F(PacketLogTest, WritesEachPacketWithItsConnectionAndDirection) {
  const auto trace = connection({"all"});
  trace->text(PacketTrace::Direction::in, TransportKind::websocket, R"(40/client,{"token":"t0ps3cret"})");
  trace->binary(PacketTrace::Direction::out, TransportKind::websocket, 512);
  trace->closed(engineio::CloseReason::transport_close);

  ASSERT_THAT(lines_, SizeIs(4));
  EXPECT_THAT(lines_[0], AllOf(HasSubstr("192.0.2.1"), HasSubstr("token=[redacted]")));
  EXPECT_THAT(lines_[1], AllOf(HasSubstr(R"("connection":1)"), HasSubstr(R"("direction":"in")"),
                               HasSubstr(R"("type":"CONNECT")"), HasSubstr(R"("nsp":"/client")")));
  EXPECT_THAT(lines_[2], AllOf(HasSubstr(R"("direction":"out")"), HasSubstr(R"("bytes":512)")));
  EXPECT_THAT(lines_[3], HasSubstr("transport close"));
  EXPECT_THAT(lines_, Each(Not(HasSubstr("t0ps3cret"))));
}

TEST_F(PacketLogTest, HoldsTheFirstPacketsUntilTheClientIsKnown) {
  const auto trace = connection({"client:acme"});
  trace->text(PacketTrace::Direction::in, TransportKind::websocket, "40/client,{}");
  EXPECT_THAT(lines_, IsEmpty());

  EXPECT_TRUE(trace->named("client", "acme"));

  EXPECT_THAT(lines_, SizeIs(3)) << "handshake, CONNECT, login";
}

TEST_F(PacketLogTest, AnotherClientLeavesNoLine) {
  const auto trace = connection({"client:acme"});
  trace->text(PacketTrace::Direction::in, TransportKind::websocket, "40/client,{}");

  EXPECT_FALSE(trace->named("client", "other"));
  trace->closed(engineio::CloseReason::transport_close);

  EXPECT_THAT(lines_, IsEmpty());
  EXPECT_EQ(connection({"address:192.0.2.9"}), nullptr);
}

TEST_F(PacketLogTest, AFloodIsCountedAndNotWritten) {
  const auto trace = connection({"all"});
  const auto most = static_cast<std::size_t>(PacketLog::kRate.burst);
  for (std::size_t i = 0; i < most + 500; ++i)
    trace->text(PacketTrace::Direction::in, TransportKind::websocket, "2");
  EXPECT_THAT(lines_, SizeIs(most));

  clock_.advance(std::chrono::seconds{1});
  trace->text(PacketTrace::Direction::in, TransportKind::websocket, "3");

  EXPECT_THAT(lines_, SizeIs(most + 2));
  EXPECT_THAT(lines_[most], AllOf(HasSubstr("left out"), HasSubstr(R"("lines":501)")));
}

}  // namespace
}  // namespace togglecast::app
