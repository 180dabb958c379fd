// Namespaces that are made when somebody asks for them.
#include <gmock/gmock.h>

#include <string>
#include <thread>
#include <vector>

#include "support/socketio_server.hpp"

namespace togglecast {
namespace {

using socketio::Event;
using socketio::Socket;
using test::Mailbox;
using test::SocketIoServer;
using ::testing::StartsWith;

TEST(Namespaces, DynamicOnesComeAndGo) {
  Mailbox<std::string> joined;
  SocketIoServer server;
  server.io().of_pattern("^/room-\\d+$").on_connection([&](Socket& socket) {
    joined.put(socket.nsp().name());
  });
  server.start();
  auto one = server.client_on(0);
  auto two = server.client_on(1);

  EXPECT_THAT(one.join("/room-1"), StartsWith("40/room-1,"));
  EXPECT_THAT(two.join("/room-1"), StartsWith("40/room-1,"));
  EXPECT_THAT(two.join("/room-2"), StartsWith("40/room-2,"));
  EXPECT_THAT(two.join("/room-x"), StartsWith("44/room-x,"));
  EXPECT_THAT(two.join("/room-" + std::string(2'000, '1')), StartsWith("44/room-1"));
  EXPECT_EQ(server.io().dynamic_count(), 2U);
  for (const auto* name : {"/room-1", "/room-1", "/room-2"}) EXPECT_EQ(joined.take(), name);

  one.send("41/room-1,");
  two.send("41/room-2,");
  EXPECT_TRUE(test::eventually([&] { return server.io().dynamic_count() == 1; }));
  two.tcp().close();
  EXPECT_TRUE(test::eventually([&] { return server.io().dynamic_count() == 0; }));
  EXPECT_THAT(one.join("/room-1"), StartsWith("40/room-1,"));
}

TEST(Namespaces, DynamicOnesBroadcastAcrossShards) {
  SocketIoServer server;
  server.io().of_pattern("^/room-\\d+$").on("say", [](Event& event) {
    event.socket().nsp().emit("said", event[0]);
  });
  server.start();
  auto one = server.joined_on(0, "/room-1");
  auto two = server.joined_on(1, "/room-1");
  auto elsewhere = server.joined_on(1, "/room-2");

  one.emit("[\"say\",\"hi\"]", "/room-1");

  EXPECT_EQ(one.next(), "42/room-1,[\"said\",\"hi\"]");
  EXPECT_EQ(two.next(), "42/room-1,[\"said\",\"hi\"]");
  elsewhere.emit("[\"say\",\"me\"]", "/room-2");
  EXPECT_EQ(elsewhere.next(), "42/room-2,[\"said\",\"me\"]");
}

// Many come and go at once, on both shards, for the same few names.
TEST(Namespaces, DynamicOnesSurviveACrowd) {
  SocketIoServer server;
  server.io().of_pattern("^/c\\d$").on_connection([](Socket& socket) { socket.nsp().emit("hello"); });
  server.start();
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&] {
      for (int i = 0; i < 60; ++i) {
        auto client = server.client();
        EXPECT_THAT(client.join("/c" + std::to_string(i % 3)), StartsWith("40/c"));
        if (i % 2 == 0) client.send("41/c" + std::to_string(i % 3) + ",");
      }
    });
  }
  for (auto& thread : threads) thread.join();

  EXPECT_TRUE(test::eventually([&] { return server.io().dynamic_count() == 0; }));
}

}  // namespace
}  // namespace togglecast
