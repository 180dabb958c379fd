// Who is let in: at once, later, or never.
#include <gmock/gmock.h>

#include <thread>

#include "support/socketio_server.hpp"

namespace togglecast {
namespace {

using socketio::ConnectError;
using socketio::Next;
using socketio::Socket;
using test::Mailbox;
using test::SocketIoServer;
using ::testing::StartsWith;

TEST(Middlewares, DecideLaterFromAnyThread) {
  Mailbox<Next> first, second;
  SocketIoServer server;
  server.main().use([&](Socket&, const Next& next) { first.put(next); });
  server.main().use([&](Socket&, const Next& next) { second.put(next); });
  server.start();
  auto client = server.client();
  client.send("40{\"token\":\"x\"}");

  const auto one = first.take();
  ASSERT_TRUE(one);
  std::thread([&] {
    (*one)();
    (*one)();
    (*one)(ConnectError{"only the first call counts"});
  }).join();
  const auto two = second.take();
  ASSERT_TRUE(two);
  (*two)();

  EXPECT_THAT(client.next(), StartsWith("40{"));
  EXPECT_EQ(second.size(), 0U);
  client.round_trip();
}

TEST(Middlewares, RefuseWithMessageAndData) {
  SocketIoServer server;
  server.main().use([](Socket& socket, const Next& next) {
    if (json::string_or_empty(socket.auth(), "token") == "good") {
      next();
    } else {
      next(ConnectError{"bad token", json::value{{"code", "token_invalid"}}});
    }
  });
  server.start();
  auto client = server.client();

  EXPECT_EQ(client.join("", R"({"token":"bad"})"),
            R"(44{"message":"bad token","data":{"code":"token_invalid"}})");
  EXPECT_EQ(client.join(), R"(44{"message":"bad token","data":{"code":"token_invalid"}})");
  EXPECT_THAT(client.join("", R"({"token":"good"})"), StartsWith("40{"));
  client.round_trip();
}

TEST(Middlewares, EventsBeforeTheDecisionAreAnOffence) {
  Mailbox<Next> waiting;
  SocketIoServer server;
  server.main().use([&](Socket&, const Next& next) { waiting.put(next); });
  server.start();
  auto client = server.client();

  client.send("40");
  client.emit("[\"early\"]");

  EXPECT_TRUE(client.tcp().closed_by_server());
  const auto next = waiting.take();
  (*next)();
  EXPECT_EQ(server.main().local_count(), 0U);
}

TEST(Middlewares, ADecisionNobodyTakesIsFreed) {
  Mailbox<std::weak_ptr<Socket>> seen;
  Mailbox<Next> waiting;
  SocketIoServer server;
  server.main().use([&](Socket& socket, const Next& next) {
    seen.put(socket.weak_from_this());
    waiting.put(next);
  });
  server.start();
  auto client = server.client();
  client.send("40");
  const auto socket = seen.take();
  auto next = waiting.take();
  client.tcp().close();
  ASSERT_TRUE(test::eventually([&] { return server.open_sessions() == 0; }));
  EXPECT_FALSE(socket->expired());

  std::thread([dropped = *std::exchange(next, std::nullopt)] {}).join();

  EXPECT_TRUE(test::eventually([&] { return socket->expired(); }));
}

TEST(Middlewares, DecisionsMayComeAfterTheServerHasGone) {
  Mailbox<Next> waiting;
  {
    auto server = std::make_unique<SocketIoServer>();
    server->io().of_pattern("^/dynamic$").use([&](Socket&, const Next& next) { waiting.put(next); });
    server->start();
    auto client = server->client();
    client.send("40/dynamic,");
    const auto next = waiting.take();
    ASSERT_TRUE(next);
    net::ShardPool& pool = server->pool();
    pool.stop_listening();
    server->io().close();
    server->http().close_all();
    (*next)();
    server->stop();  // the decision is still in the queue of a shard, and holds the socket and its namespace
  }
}

}  // namespace
}  // namespace togglecast
