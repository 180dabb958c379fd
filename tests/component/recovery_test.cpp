// Connection state recovery: a lost connection comes back as if it had not been away.
#include <gmock/gmock.h>

#include <atomic>
#include <charconv>
#include <string>
#include <thread>
#include <vector>

#include "support/socketio_server.hpp"

namespace togglecast {
namespace {

using socketio::Event;
using socketio::Options;
using socketio::Socket;
using test::Mailbox;
using test::SocketIoClient;
using test::SocketIoServer;
using ::testing::HasSubstr;
using ::testing::StartsWith;

Options recovering(std::size_t max_events = 100'000) {
  Options options;
  options.recovery = [max_events] { return socketio::memory_recovery({.max_events = max_events}); };
  return options;
}

// The last argument of an event is its offset.
std::string offset_of(const std::string& packet) {
  const std::size_t end = packet.rfind('"');
  const std::size_t begin = packet.rfind('"', end - 1) + 1;
  return packet.substr(begin, end - begin);
}

std::string resume(const std::string& pid, const std::string& offset) {
  return "{\"pid\":\"" + pid + "\",\"offset\":\"" + offset + "\"}";
}

class RecoveryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    server_.main().on("join", [](Event& event) {
      event.socket().join("room");
      event.socket().data() = {{"kept", true}};
      event.ack();
    });
    server_.main().on_connection([this](Socket& socket) {
      connected_.put(std::string(socket.recovered() ? "recovered " : "new ") + std::string(socket.id()) +
                     " " + json::serialize(socket.data()));
    });
    server_.start();
  }

  Mailbox<std::string> connected_;
  SocketIoServer server_{recovering()};
};

TEST_F(RecoveryTest, BringsBackIdRoomsDataAndWhatWasMissed) {
  auto client = server_.joined_on(0);
  const std::string sid = client.sid(), pid = client.pid();
  EXPECT_NE(pid, "");
  client.send("421[\"join\"]");
  EXPECT_EQ(client.next(), "431[]");
  server_.main().to("room").emit("seen", 1);
  const std::string offset = offset_of(client.next());
  client.tcp().reset();
  ASSERT_TRUE(test::eventually([this] { return server_.main().local_count() == 0; }));
  server_.main().to("room").emit("missed", 2);
  server_.main().to("elsewhere").emit("not for it");
  server_.main().to(sid).emit("personal", 3);

  auto again = server_.client_on(1);
  again.send("40" + resume(pid, offset));

  EXPECT_THAT(again.next(), StartsWith("42[\"missed\",2,"));
  EXPECT_THAT(again.next(), StartsWith("42[\"personal\",3,"));
  EXPECT_EQ(again.next(), "40{\"sid\":\"" + sid + "\",\"pid\":\"" + pid + "\"}");
  EXPECT_THAT(connected_.take().value_or(""), StartsWith("new "));
  EXPECT_EQ(connected_.take(), "recovered " + sid + " {\"kept\":true}");
  server_.main().to("room").emit("and on");
  EXPECT_THAT(again.next(), StartsWith("42[\"and on\","));
}

TEST_F(RecoveryTest, WhatASocketWasSentAloneIsKeptToo) {
  auto client = server_.joined();
  const std::string sid = client.sid(), pid = client.pid();
  server_.main().emit("seen");
  const std::string offset = offset_of(client.next());
  // Written just before the connection is cut: some of it may be lost on the way.
  server_.pool().run_on_all([&](net::Shard& shard) {
    server_.main().for_each_local(shard, {}, [](Socket& socket) {
      for (int i = 0; i < 3; ++i) socket.emit("mine", i);
      socket.emit_volatile("fleeting");
    });
  });
  client.tcp().reset();
  ASSERT_TRUE(test::eventually([this] { return server_.main().local_count() == 0; }));

  auto again = server_.client();
  again.send("40" + resume(pid, offset));

  for (int i = 0; i < 3; ++i) EXPECT_THAT(again.next(), StartsWith("42[\"mine\"," + std::to_string(i) + ","));
  EXPECT_THAT(again.next(), StartsWith("40{\"sid\":\"" + sid));
}

TEST_F(RecoveryTest, ThoseWhoLeftOnPurposeStartAnew) {
  auto client = server_.joined();
  const std::string pid = client.pid();
  server_.main().emit("seen");
  const std::string offset = offset_of(client.next());
  client.send("41");
  ASSERT_TRUE(test::eventually([this] { return server_.main().local_count() == 0; }));

  EXPECT_THAT(client.join("", resume(pid, offset)), StartsWith("40{"));
  EXPECT_NE(client.pid(), pid);
}

TEST_F(RecoveryTest, StrangeOffsetsAndIdsStartAnew) {
  auto client = server_.client();
  for (const auto* auth : {R"({"pid":"x","offset":"1"})", R"({"pid":1,"offset":[]})", R"({"pid":""})",
                           R"({"offset":"1"})", R"({"pid":"AAAAAAAAAAAAAAAAAAAA","offset":""})"}) {
    EXPECT_THAT(client.join("", auth), StartsWith("40{")) << auth;
    EXPECT_THAT(connected_.take().value_or(""), StartsWith("new ")) << auth;
    client.send("41");
  }
}

// A socket is in the order of events from its CONNECT on: nothing comes before it, nothing is lost after it.
TEST_F(RecoveryTest, NothingComesBeforeTheAnswerToConnect) {
  std::atomic<bool> stop{false};
  std::thread sender([&] {
    for (int i = 0; !stop; ++i) {
      server_.main().emit("n", i);
      if (i % 200 == 0) server_.settle();  // else the queues of the shards grow faster than they are served
    }
  });
  for (int i = 0; i < 60; ++i) {
    auto client = server_.client();
    client.send("40");
    EXPECT_THAT(client.next(), StartsWith("40{"));
    EXPECT_THAT(client.next(), StartsWith("42[\"n\","));
  }
  stop = true;
  sender.join();
}

// Events flow from several threads all the time, while clients are cut and come back, on either shard.
TEST_F(RecoveryTest, EveryEventArrivesExactlyOnceAcrossCuts) {
  constexpr int kSenders = 3, kReconnects = 12;
  std::atomic<bool> stop{false};
  std::vector<std::atomic<int>> sent(kSenders);
  std::atomic<int> ahead{0};  // of the reader: so few that its connection's backlog has room for them
  std::vector<std::thread> senders;
  for (int sender = 0; sender < kSenders; ++sender) {
    senders.emplace_back([&, sender] {
      auto& count = sent[static_cast<std::size_t>(sender)];
      while (!stop) {
        if (ahead < 1'000) {
          server_.main().emit("n", sender, count.load());
          ++count;
          ++ahead;
        }
        std::this_thread::yield();
      }
    });
  }
  const auto live = [&](unsigned seed) {
    std::vector<int> next(kSenders, -1);
    std::string pid, offset;
    const auto check = [&](const std::string& packet) {
      const int sender = packet[7] - '0';
      int number = 0;
      std::from_chars(packet.data() + 9, packet.data() + packet.size(), number);
      auto& expected = next[static_cast<std::size_t>(sender)];
      if (expected < 0) expected = number;  // joined in the middle
      ASSERT_EQ(number, expected) << packet;
      ++expected;
      --ahead;
      offset = offset_of(packet);
    };
    for (int round = 0; round <= kReconnects; ++round) {
      auto client = server_.client_on((seed + static_cast<unsigned>(round)) % 2);
      client.send(round == 0 ? "40" : "40" + resume(pid, offset));
      int left = 200 + 37 * round;
      bool accepted = false;
      while (left > 0) {
        const std::string packet = client.next();
        if (packet.starts_with("40{")) {
          accepted = true;
          if (round == 0) ahead = 0;  // what came before is not for it
          ASSERT_TRUE(round == 0 || test::string_member(packet, "pid") == pid) << "not recovered";
          pid = test::string_member(packet, "pid");
          continue;
        }
        ASSERT_THAT(packet, StartsWith("42[\"n\","));
        check(packet);
        if (::testing::Test::HasFatalFailure()) return;
        if (accepted) --left;
      }
      client.tcp().reset();  // until the server has noticed, the old socket is still the one
      ASSERT_TRUE(test::eventually([&] { return server_.main().local_count() == 0; }));
    }
  };
  live(0);
  stop = true;
  for (auto& sender : senders) sender.join();
}

TEST(Recovery, WaitsForMiddlewaresWhereItShall) {
  Mailbox<socketio::Next> waiting;
  Options options = recovering();
  options.recovery_skips_middlewares = false;
  SocketIoServer server(std::move(options));
  server.main().use([&](Socket&, const socketio::Next& next) { waiting.put(next); });
  server.start();
  auto client = server.client();
  client.send("40");
  (*waiting.take())();
  const std::string pid = test::string_member(client.next(), "pid");
  server.main().emit("seen");
  const std::string offset = offset_of(client.next());
  client.tcp().reset();
  ASSERT_TRUE(test::eventually([&] { return server.main().local_count() == 0; }));
  server.main().emit("missed");

  auto again = server.client();
  again.send("40" + resume(pid, offset));
  const auto next = waiting.take();
  EXPECT_FALSE(again.tcp().readable());
  (*next)();

  EXPECT_THAT(again.next(), StartsWith("42[\"missed\""));
  EXPECT_THAT(again.next(), HasSubstr(pid));
}

// An application that disconnects in its connection handler does so in the middle of the lane of events.
TEST(Recovery, HandlersMayEmitJoinAndDisconnectInTheMiddleOfTheOrder) {
  SocketIoServer server(recovering());
  server.io().of_pattern("^/x\\d+$").on_connection([](Socket& socket) {
    socket.emit("first");
    socket.nsp().emit("second");
    socket.join("r");
    socket.nsp().to("r").emit("third");
    socket.emit("fourth");
    socket.disconnect();
    socket.emit("never");
  });
  server.start();
  for (int i = 0; i < 20; ++i) {
    auto client = server.client();
    EXPECT_THAT(client.join("/x1"), StartsWith("40/x1,"));
    for (const auto* name : {"first", "second", "third", "fourth"})
      EXPECT_THAT(client.next(), StartsWith("42/x1,[\"" + std::string(name) + "\","));
    EXPECT_EQ(client.next(), "41/x1,");
  }
  EXPECT_TRUE(test::eventually([&] { return server.io().dynamic_count() == 0; }));
}

TEST(Recovery, HandlersThatThrowDoNotStopTheOrder) {
  SocketIoServer server(recovering());
  server.main().on_connection([](Socket&) { throw 1; });
  server.start();
  for (int i = 0; i < 3; ++i) {
    auto client = server.joined();
    server.main().emit("n", i);
    EXPECT_THAT(client.next(), StartsWith("42[\"n\"," + std::to_string(i)));
  }
}

}  // namespace
}  // namespace togglecast
