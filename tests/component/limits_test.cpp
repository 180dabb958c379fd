// Hostile and unlucky clients: only the offender pays.
#include <gmock/gmock.h>

#include <algorithm>
#include <string>
#include <vector>

#include "support/socketio_server.hpp"

namespace togglecast {
namespace {

using socketio::DisconnectReason;
using socketio::Event;
using socketio::Options;
using socketio::Socket;
using test::HttpClient;
using test::Mailbox;
using test::SocketIoClient;
using test::SocketIoServer;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;

TEST(Limits, AConsumerThatDoesNotReadIsClosedWithoutHarmToOthers) {
  Mailbox<std::string> gone;
  constexpr std::size_t kLimit = 512 * 1024;
  Options options;
  options.engine.stream.backlog_bytes = kLimit;
  SocketIoServer server(std::move(options));
  server.main().on_disconnect([&](Socket& socket, DisconnectReason reason) {
    gone.put(std::string(socket.id()) + " " + std::string(to_string(reason)));
  });
  server.start();
  SocketIoClient slow(HttpClient(server.port(), 4096));
  slow.join();
  auto same_shard = server.joined_on(0), other_shard = server.joined_on(1);
  const std::string block(32 * 1024, 'x');

  int sent = 0;
  std::size_t most = 0;
  while (gone.size() == 0 && sent < 2'000) {
    server.main().emit("block", ++sent, block);
    const std::string expected = "42[\"block\"," + std::to_string(sent) + ",";
    ASSERT_THAT(same_shard.next(), StartsWith(expected));
    ASSERT_THAT(other_shard.next(), StartsWith(expected));
    server.pool().run_on_all([&](net::Shard& shard) {
      server.main().for_each_local(shard, {.rooms = {slow.sid()}},
                                   [&](Socket& socket) { most = std::max(most, socket.backlog_bytes()); });
    });
  }

  EXPECT_EQ(gone.take(), slow.sid() + " transport error");
  EXPECT_GT(most, 0U);
  EXPECT_LE(most, kLimit + 2 * block.size());
  EXPECT_TRUE(slow.tcp().closed_by_server());
  EXPECT_TRUE(test::eventually([&] { return server.open_sessions() == 2U; }));
}

TEST(Limits, AConsumerThatStopsReadingIsClosedAfterItsTime) {
  Mailbox<std::string> gone;
  Options options;
  options.engine.stream.stall = Milliseconds(100);
  SocketIoServer server(std::move(options));
  server.main().on_disconnect(
      [&](Socket&, DisconnectReason reason) { gone.put(std::string(to_string(reason))); });
  server.start();
  SocketIoClient slow(HttpClient(server.port(), 4096));
  slow.join();

  server.main().emit("block", std::string(8 * 1024 * 1024, 'x'));

  EXPECT_EQ(gone.take(), "transport error");
}

TEST(Limits, AClientThatDoesNotPollIsGivenUp) {
  Mailbox<std::string> gone;
  Options options;
  options.engine.polling_backlog = 256 * 1024;
  SocketIoServer server(std::move(options));
  server.main().on_disconnect(
      [&](Socket&, DisconnectReason reason) { gone.put(std::string(to_string(reason))); });
  server.start();
  auto lazy = server.polling();
  lazy.post("40");
  auto lively = server.joined();
  ASSERT_TRUE(test::eventually([&] { return server.main().local_count() == 2; }));
  const std::string block(16 * 1024, 'x');

  for (int i = 0; i < 100 && gone.size() == 0; ++i) {
    for (int j = 0; j < 20; ++j) server.main().emit("block", block);
    server.settle();
  }

  EXPECT_EQ(gone.take(), "transport error");
  lively.round_trip();
  EXPECT_EQ(lazy.post("3").status, 400);
}

TEST(Limits, TenThousandPacketsInOneBodyEndTheSession) {
  std::atomic<int> events{0};
  SocketIoServer server;
  server.main().on("e", [&](Event&) { ++events; });
  server.start();
  auto hostile = server.polling();
  hostile.post("40");
  auto other = server.joined();
  std::string body;
  for (int i = 0; i < 10'000; ++i) body += "42[\"e\"]\x1e";
  body += "42[\"e\"]";

  EXPECT_EQ(hostile.post(body).status, 400);

  EXPECT_EQ(hostile.posts().get(hostile.target()).status, 400) << "the session is gone";
  EXPECT_EQ(events.load(), 1'024);
  other.round_trip();
}

TEST(Limits, AsManyPacketsAsAllowedAreFine) {
  std::atomic<int> events{0};
  SocketIoServer server;
  server.main().on("e", [&](Event&) { ++events; });
  server.start();
  auto client = server.polling();
  client.post("40");
  std::string body;
  for (int i = 0; i < 1'023; ++i) body += "42[\"e\"]\x1e";
  body += "42[\"e\"]";

  EXPECT_EQ(client.post(body).status, 200);

  EXPECT_EQ(events.load(), 1'024);
}

TEST(Limits, EnormousEventNamesAreLoggedInPart) {
  SocketIoServer server;
  server.main().on_any([](Event& event) {
    if (event.name() != "sync") throw std::runtime_error("what is this");
  });
  server.start();
  auto client = server.joined();

  client.emit("[\"" + std::string(900'000, 'n') + "\"]");

  const auto line = server.logged("what is this");
  EXPECT_THAT(line, HasSubstr("nnnnnnnn"));
  EXPECT_LT(line.size(), 1'000U);
  client.round_trip();
}

TEST(Limits, MessagesBeyondTheLimitCloseTheirConnectionAlone) {
  Options options;
  options.engine.max_payload = 10'000;
  SocketIoServer server(std::move(options));
  server.start();
  auto other = server.joined();
  auto large = server.joined();
  large.emit("[\"x\",\"" + std::string(20'000, 'x') + "\"]");
  EXPECT_TRUE(large.tcp().closed_by_server());
  auto polling = server.polling();
  EXPECT_EQ(polling.post("4" + std::string(20'000, 'x')).status, 413);

  other.round_trip();
}

TEST(Limits, DeepAndBrokenJsonClosesItsConnectionAlone) {
  SocketIoServer server;
  server.start();
  auto other = server.joined();
  for (const std::string& packet :
       {"42[\"x\"," + std::string(1'000, '['),
        "42[\"x\"," + std::string(100, '[') + std::string(100, ']') + "]",
        std::string("42[\"x\",\"\\ud800\"]x"), "4511-[\"x\"]" + std::string(1, 'x'), std::string("42\xff")}) {
    auto client = server.joined();
    client.send(packet);
    EXPECT_TRUE(client.tcp().closed_by_server()) << packet;
  }

  other.round_trip();
}

TEST(Limits, ManySmallOffencesLeaveNothingBehind) {
  SocketIoServer server;
  server.start();
  for (int i = 0; i < 100; ++i) {
    auto client = server.client();
    client.send(i % 2 == 0 ? "4nonsense" : "9");
    EXPECT_TRUE(client.tcp().closed_by_server());
  }

  EXPECT_TRUE(test::eventually([&] { return server.open_sessions() == 0 && server.open_streams() == 0; }));
}

TEST(Limits, OverlappingPollsEndTheSession) {
  SocketIoServer server;
  server.start();
  auto client = server.polling();
  server.hold_poll(client);

  EXPECT_EQ(client.posts().get(client.target()).status, 400);

  EXPECT_EQ(client.end_poll().body, "1");
  EXPECT_TRUE(test::eventually([&] { return server.open_sessions() == 0; }));
}

}  // namespace
}  // namespace togglecast
