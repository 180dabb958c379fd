// How connections begin, move and upgrade, over real sockets and two shards.
#include <atomic>
#include <string>
#include <thread>

#include "connection_fixture.hpp"

namespace togglecast::testing {
namespace {

using socketio::Event;
using test::HttpClient;
using test::PollingClient;
using ::testing::ElementsAre;
using ::testing::StartsWith;

TEST_F(ConnectionTest, RequestsFindTheirSessionOnWhicheverShardTheyArrive) {
  server().main().on("echo", [](Event& event) { event.ack(event[0]); });
  start();
  for (const std::size_t home : {0U, 1U}) {
    PollingClient client(server().connect_to(home), server().connect_to(1 - home));

    EXPECT_EQ(client
                  .post("40\x1e"
                        "421[\"echo\",\"x\"]")
                  .body,
              "ok");
    EXPECT_THAT(client.receive().value_or(""), StartsWith("40{"));
    EXPECT_EQ(client.receive(), "431[\"x\"]");
    EXPECT_EQ(client.post("422[\"echo\",\"y\"]").body, "ok");
    EXPECT_EQ(client.receive(), "432[\"y\"]");
  }
  EXPECT_EQ(server().open_sessions(), 2U);
}

TEST_F(ConnectionTest, AWaitingPollIsAnsweredByAPostOnTheOtherShard) {
  server().main().on("echo", [](Event& event) { event.ack(event[0]); });
  start();
  PollingClient client(server().connect_to(0), server().connect_to(1));
  client.post("40");
  EXPECT_THAT(client.receive().value_or(""), StartsWith("40{"));

  client.begin_poll();
  client.post("421[\"echo\",\"now\"]");

  EXPECT_EQ(client.end_poll().body, "431[\"now\"]");
}

TEST_F(ConnectionTest, AHundredEventsAtConnectArriveByPolling) {
  server().main().on_connection([](Socket& socket) {
    for (int i = 0; i < 100; ++i) socket.emit("n", i);
  });
  start();
  auto client = server().polling();
  client.post("40");

  EXPECT_THAT(client.receive().value_or(""), StartsWith("40{"));
  for (int i = 0; i < 100; ++i) ASSERT_EQ(client.receive(), "42[\"n\"," + std::to_string(i) + "]");
}

// Numbered events flow while the client changes from polling to WebSocket, in both directions.
TEST_F(ConnectionTest, AnUpgradeUnderTrafficLosesAndReordersNothing) {
  Options options = patient();
  options.engine.polling_backlog = options.engine.stream.backlog_bytes = 256 << 20;
  options.engine.stream.unread_bytes = 256 << 20;  // this client posts and polls in turn, behind a long queue
  serve(std::move(options));
  Mailbox<std::string> heard;
  server().main().on("up", [&](Event& event) { heard.put(json::serialize(event[0])); });
  start();
  for (const std::size_t upgrade_shard : {0U, 1U}) {
    PollingClient polling(server().connect_to(0), server().connect_to(0));
    polling.post("40");
    ASSERT_THAT(polling.receive().value_or(""), StartsWith("40{"));
    std::atomic<bool> stop{false};
    std::atomic<int> emitted{0};
    std::thread traffic([&] {
      while (!stop && emitted < 200'000) server().main().emit("down", emitted++);
      server().main().emit("end");
    });
    int expected = 0;
    const auto check = [&](const std::string& packet) {
      ASSERT_EQ(packet, "42[\"down\"," + std::to_string(expected) + "]");
      ++expected;
    };
    polling.post("42[\"up\",1]");
    for (int i = 0; i < 50; ++i) check(polling.receive().value_or("(end)"));

    test::WebSocketClient socket(server().connect_to(upgrade_shard),
                                 "/socket.io/?EIO=4&transport=websocket&sid=" + polling.sid());
    ASSERT_EQ(socket.response().status, 101);
    polling.begin_poll();
    socket.send("2probe");
    EXPECT_EQ(socket.receive().value_or(test::ServerFrame{}).payload, "3probe");
    polling.post("42[\"up\",2]");
    for (const auto& packet : polling.end_poll_with_packets()) {  // the server lets the poll go
      if (packet != "6") check(packet);
    }
    ASSERT_TRUE(test::eventually([&] { return emitted > expected + 500; }));  // these wait in the queue
    socket.send("5");
    socket.send("42[\"up\",3]");
    stop = true;
    traffic.join();
    while (true) {
      const auto frame = socket.receive();
      ASSERT_TRUE(frame);
      if (frame->payload == "42[\"end\"]") break;
      check(frame->payload);
      if (HasFatalFailure()) return;
    }

    EXPECT_EQ(expected, emitted.load());
    EXPECT_EQ(heard.take(), "1");
    EXPECT_EQ(heard.take(), "2");
    EXPECT_EQ(heard.take(), "3");
    EXPECT_EQ(polling.post("42[\"up\",4]").status, 400) << "the session no longer polls";
  }
  EXPECT_EQ(server().io().engine().counters(0).upgrades.value.load(), 2U);
}

TEST_F(ConnectionTest, AFailedProbeLeavesTheSessionPolling) {
  server().main().on("echo", [](Event& event) { event.ack(event[0]); });
  start();
  auto polling = server().polling();
  polling.post("40");
  polling.receive();
  for (const std::string attempt : {"nonsense", "5", "3probe", "", "2probe"}) {
    test::WebSocketClient socket(HttpClient(server().port()),
                                 "/socket.io/?EIO=4&transport=websocket&sid=" + polling.sid());
    socket.send(attempt);
    if (attempt == "2probe") {
      EXPECT_EQ(socket.receive().value_or(test::ServerFrame{}).payload, "3probe");
      socket.tcp().reset();
    } else {
      EXPECT_TRUE(socket.tcp().closed_by_server());
    }
    polling.post("421[\"echo\",1]");
    EXPECT_EQ(polling.receive(), "431[1]") << attempt;
  }
}

TEST_F(ConnectionTest, ASecondProbeIsRefusedWithoutHarmToTheFirst) {
  start();
  auto polling = server().polling();
  const std::string target = "/socket.io/?EIO=4&transport=websocket&sid=" + polling.sid();
  test::WebSocketClient first(HttpClient(server().port()), target);
  first.send("2probe");
  EXPECT_EQ(first.receive().value_or(test::ServerFrame{}).payload, "3probe");

  test::WebSocketClient second(HttpClient(server().port()), target);
  EXPECT_TRUE(second.tcp().closed_by_server());
  first.send("5");
  first.send("40");

  EXPECT_THAT(first.receive().value_or(test::ServerFrame{}).payload, StartsWith("40{"));
}

TEST_F(ConnectionTest, ASessionThatEndsDuringAProbeTakesTheProbeAlong) {
  start();
  auto polling = server().polling();
  test::WebSocketClient probe(HttpClient(server().port()),
                              "/socket.io/?EIO=4&transport=websocket&sid=" + polling.sid());
  probe.send("2probe");
  EXPECT_EQ(probe.receive().value_or(test::ServerFrame{}).payload, "3probe");

  EXPECT_EQ(polling.post("1").status, 200);

  EXPECT_TRUE(probe.tcp().closed_by_server());
  EXPECT_TRUE(test::eventually([this] { return server().open_sessions() == 0; }));
}

TEST_F(ConnectionTest, AnUnfinishedUpgradeTimesOut) {
  Options options = patient();
  options.engine.ping_interval = std::chrono::hours(1);
  options.engine.upgrade_timeout = std::chrono::minutes(10);
  options.connect_timeout = std::chrono::hours(1);
  serve(std::move(options));
  server().http_options().request_timeout = server().http_options().keep_alive_timeout =
      std::chrono::hours(1);
  start();
  auto polling = server().polling();
  test::WebSocketClient probe(HttpClient(server().port()),
                              "/socket.io/?EIO=4&transport=websocket&sid=" + polling.sid());
  probe.send("2probe");

  EXPECT_EQ(probe.receive().value_or(test::ServerFrame{}).payload, "3probe");
  server().pass(std::chrono::minutes(20));
  EXPECT_TRUE(probe.tcp().closed_by_server());
  polling.post("40");
  EXPECT_THAT(polling.receive().value_or(""), StartsWith("40{"));
}

TEST_F(ConnectionTest, AClientThatDoesNotAnswerPingsIsGivenUp) {
  Options options;
  options.engine.ping_interval = std::chrono::minutes(10);
  options.engine.ping_timeout = std::chrono::minutes(6);
  serve(std::move(options));
  start();
  auto client = server().joined();
  client.ignore_pings();
  auto polling = server().polling();
  polling.post("40");
  auto lively = server().joined();

  server().pass(std::chrono::minutes(13));
  lively.round_trip();
  server().pass(std::chrono::minutes(9));

  EXPECT_EQ(reasons_.take(), "ping timeout");
  EXPECT_EQ(reasons_.take(), "ping timeout");
  EXPECT_TRUE(client.tcp().closed_by_server());
  lively.round_trip();
}

TEST_F(ConnectionTest, AConnectionThatJoinsNothingIsClosed) {
  Options options = patient();
  options.connect_timeout = std::chrono::minutes(2);
  serve(std::move(options));
  Mailbox<socketio::Next> waiting;
  server().io().of("/slow").use([&](Socket&, const socketio::Next& next) { waiting.put(next); });
  start();
  auto idle = server().client();
  auto unsettled = server().client();
  unsettled.send("40/slow,");
  const auto next = waiting.take();
  ASSERT_TRUE(next);
  auto member = server().joined();
  server().pass(std::chrono::minutes(4));

  EXPECT_TRUE(idle.tcp().closed_by_server());
  EXPECT_TRUE(unsettled.tcp().closed_by_server());
  (*next)();
  member.round_trip();
  EXPECT_EQ(server().open_sessions(), 1U);
}

TEST_F(ConnectionTest, NamespacesPerConnectionAreLimited) {
  server().io().of_pattern("^/n\\d+$");
  start();
  auto client = server().client();
  const std::size_t limit = server().io().options().namespaces_per_connection;
  for (std::size_t i = 0; i < limit; ++i)
    EXPECT_THAT(client.join("/n" + std::to_string(i)), StartsWith("40/n"));

  EXPECT_THAT(client.join("/n99"), StartsWith("44/n99,{\"message\":\"Too many namespaces"));
  client.send("41/n3,");
  EXPECT_THAT(client.join("/n99"), StartsWith("40/n99,"));
  EXPECT_EQ(server().io().dynamic_count(), limit);
}

TEST_F(ConnectionTest, UnknownNamespacesAreRefusedAndTheConnectionStays) {
  start();
  auto client = server().client();

  for (int i = 0; i < 1'000; ++i) ASSERT_THAT(client.join("/nowhere"), StartsWith("44/nowhere,"));
  EXPECT_THAT(client.join("/" + std::string(100'000, 'n')), StartsWith("44/nnn"));

  EXPECT_THAT(client.join(), StartsWith("40{"));
}

// The client cannot know yet; ending the whole connection for it would punish the innocent.
TEST_F(ConnectionTest, WhatWasOnItsWayIntoAnEndedNamespaceIsIgnored) {
  server().io().of("/other").on("leave", [](Event& event) { event.socket().disconnect(); });
  start();
  auto client = server().joined();
  client.join("/other");

  client.emit("[\"leave\"]", "/other");
  for (int i = 0; i < 10; ++i) client.emit("[\"still talking\"]", "/other");
  client.send("41/other,");

  EXPECT_THAT(client.round_trip(), ElementsAre("41/other,", StartsWith("43")));
  EXPECT_THAT(client.join("/other"), StartsWith("40/other,")) << "it may come back";
}

TEST_F(ConnectionTest, APacketForANamespaceNeverJoinedIsAnOffence) {
  server().io().of("/other");
  start();
  auto client = server().joined();

  client.emit("[\"x\"]", "/other");

  EXPECT_EQ(reasons_.take(), "parse error");
  EXPECT_TRUE(client.tcp().closed_by_server());
}

}  // namespace
}  // namespace togglecast::testing
