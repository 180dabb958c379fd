// Beginnings and ends of whole servers, and what is left after a crowd has come and gone.
#include <dirent.h>
#include <gmock/gmock.h>

#include <atomic>
#include <random>
#include <string>
#include <thread>
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
using test::PollingClient;
using test::SocketIoClient;
using test::SocketIoServer;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

std::size_t open_descriptors() {
  std::size_t count = 0;
  DIR* folder = ::opendir("/proc/self/fd");
  while (::readdir(folder) != nullptr) ++count;
  ::closedir(folder);
  return count;
}

TEST(Lifecycle, CloseTellsEveryoneAndLeavesNothing) {
  std::atomic<int> told{0};
  SocketIoServer server;
  server.main().on_disconnect([&](Socket&, DisconnectReason reason) {
    EXPECT_EQ(reason, DisconnectReason::server_shutting_down);
    ++told;
  });
  server.start();
  std::vector<SocketIoClient> clients;
  for (int i = 0; i < 10; ++i) clients.push_back(server.joined());
  auto polling = server.polling();
  polling.post("40");
  polling.receive();
  server.hold_poll(polling);

  server.io().close(wire::websocket::CloseCode::service_restart);

  EXPECT_EQ(told, 11);
  for (auto& client : clients) {
    const auto frame = client.websocket().receive();
    ASSERT_TRUE(frame);
    EXPECT_EQ(frame->opcode, 8U);
    EXPECT_EQ(frame->payload, "\x03\xf4");
  }
  EXPECT_EQ(polling.end_poll().body, "1");
  EXPECT_EQ(server.open_sessions(), 0U);
  EXPECT_EQ(HttpClient(server.port()).get("/socket.io/?EIO=4&transport=polling").status, 503);
}

TEST(Lifecycle, DisconnectHandlersMayEmitWhileTheServerCloses) {
  SocketIoServer server;
  server.io().of_pattern("^/d$").on_disconnect([&](Socket& socket, DisconnectReason) {
    socket.nsp().emit("left");
    server.main().emit("left");
  });
  server.start();
  std::vector<SocketIoClient> clients;
  for (int i = 0; i < 20; ++i) clients.push_back(server.joined("/d"));

  server.stop();

  EXPECT_EQ(server.failed_tasks(), 0U);
  for (auto& client : clients) EXPECT_TRUE(client.tcp().closed_by_server());
}

TEST(Lifecycle, EmittingFromManyThreadsWhileTheServerCloses) {
  std::atomic<bool> stop{false};
  SocketIoServer server;
  server.start();
  std::vector<SocketIoClient> clients;
  for (int i = 0; i < 10; ++i) clients.push_back(server.joined());
  std::vector<std::thread> senders;
  for (int i = 0; i < 3; ++i) {
    senders.emplace_back([&] {
      for (int n = 0; !stop && n < 20'000; ++n) server.main().to("x").to(clients[0].sid()).emit("n", n);
    });
  }
  server.io().close();
  stop = true;
  for (auto& sender : senders) sender.join();
  server.stop();

  EXPECT_EQ(server.failed_tasks(), 0U);
  for (auto& client : clients) EXPECT_TRUE(client.tcp().closed_by_server());
}

TEST(Lifecycle, ClosingTwiceOrBeforeTheStartIsHarmless) {
  SocketIoServer idle;
  idle.io().close();
  SocketIoServer server;
  server.start();
  auto client = server.joined();
  server.io().close();
  server.io().close();
  server.pool().stop();
  server.io().close();

  EXPECT_EQ(server.open_sessions(), 0U);
  EXPECT_EQ(server.failed_tasks(), 0U);
}

// A program that stops without the good manners of closing first.
TEST(Lifecycle, EverythingThatIsAliveWhenTheShardsStopIsFreed) {
  const auto before = open_descriptors();
  {
    SocketIoServer server;
    server.main().on_connection([](Socket& socket) {
      socket.on("x", [self = socket.shared_from_this()](Event&) {});
      socket.emit_with_ack(
          std::chrono::hours(1), [](const auto&) {}, "question");
      socket.nsp()
          .everyone()
          .timeout(std::chrono::hours(1))
          .emit_with_ack([](const auto&) {}, "question to all");
    });
    server.main().on("leak no socket", [](Event&) {});
    server.start();
    std::vector<SocketIoClient> clients;
    for (int i = 0; i < 6; ++i) clients.push_back(server.joined());
    auto polling = server.polling();
    polling.post("40");
    polling.receive();
    polling.begin_poll();
    auto probing = server.polling();
    test::WebSocketClient probe(HttpClient(server.port()),
                                "/socket.io/?EIO=4&transport=websocket&sid=" + probing.sid());
    probe.send("2probe");
    EXPECT_EQ(probe.receive().value_or(test::ServerFrame{}).payload, "3probe");
    SocketIoClient slow(HttpClient(server.port(), 4096));
    slow.join();
    server.main().emit("block", std::string(4 * 1024 * 1024, 'x'));

    server.pool().stop();
  }
  EXPECT_EQ(open_descriptors(), before);
}

TEST(Lifecycle, TheOrderInWhichServersAreDestroyedDoesNotMatter) {
  for (const bool http_first : {true, false}) {
    net::ShardPool pool(2);
    auto io = std::make_unique<socketio::Server>(pool, Options{});
    io->of("/");
    web::Router router;
    io->mount(router);
    auto http = std::make_unique<web::HttpServer>(pool, std::move(router));
    const auto port = pool.listen({.addresses = {"127.0.0.1"}}, http->accept_handler());
    ASSERT_TRUE(port);
    pool.start();
    SocketIoClient client{HttpClient(*port)};
    client.join();
    PollingClient polling{HttpClient(*port), HttpClient(*port)};
    polling.post("40");
    polling.receive();
    polling.begin_poll();

    pool.stop();
    if (http_first) http.reset();
    io.reset();
    http.reset();
  }
}

// Hundreds come, do something and go in every way there is; afterwards it is as if nobody had been there.
TEST(Lifecycle, AfterACrowdHasGoneEverythingIsAsBefore) {
  Mailbox<std::size_t> found;
  Options options;
  options.engine.upgrade_timeout = Milliseconds(200);
  options.engine.close_grace = Milliseconds(200);
  options.engine.crossing_poll = Milliseconds(10);
  options.connect_timeout = Milliseconds(500);
  SocketIoServer server(std::move(options));
  server.main().on("join", [](Event& event) {
    event.socket().join("room " + std::to_string(event[0].as_int64()));
    event.socket().join("all");
    event.socket().to("all").emit("joined", event[0]);
    event.ack();
  });
  server.main().on("close", [](Event& event) { event.socket().disconnect(true); });
  server.io().of_pattern("^/d\\d+$");
  server.start();
  server.settle();
  const auto descriptors = open_descriptors();

  const auto crowd = [&](unsigned seed) {
    std::mt19937 random(seed);
    for (int i = 0; i < 120; ++i) {
      if (random() % 3 == 0) {
        auto client = server.polling();
        client.post("40");
        client.post("421[\"join\"," + std::to_string(i % 7) + "]");
        switch (random() % 4) {
          case 0:
            client.post("1");
            break;
          case 1:
            client.begin_poll();  // and cut
            break;
          case 2: {
            client.receive();
            test::WebSocketClient probe(HttpClient(server.port()),
                                        "/socket.io/?EIO=4&transport=websocket&sid=" + client.sid());
            probe.send("2probe");
            if (random() % 2 == 0 && probe.receive()) probe.send("5");
            client.post("1");
            break;
          }
          default:
            client.post("42[\"close\"]");
        }
        continue;
      }
      auto client = server.client();
      client.send("40");
      client.send("40/d" + std::to_string(i % 5) + ",");
      client.send("421[\"join\"," + std::to_string(i % 7) + "]");
      switch (random() % 6) {
        case 0:
          client.tcp().reset();
          break;
        case 1:
          client.send("41");
          break;
        case 2:
          client.send("42[\"close\"]");
          break;
        case 3:
          client.send("4garbage");
          break;
        case 4:
          client.next();
          client.next();
          client.tcp().finish_sending();
          break;
        default:
          break;
      }
    }
  };
  std::thread other(crowd, 1U);
  crowd(2U);
  other.join();

  // Sessions whose client only went away while it was not polling end with their heartbeat: not waited for
  // here.
  server.io().engine().for_each_session(
      [](engineio::Session& session, engineio::SessionHandler&) { session.close(); });
  EXPECT_TRUE(test::eventually([&] { return server.open_sessions() == 0; })) << server.open_sessions();
  EXPECT_TRUE(test::eventually([&] { return server.open_connections() == 0; })) << server.open_connections();
  EXPECT_TRUE(test::eventually([&] { return server.open_streams() == 0; })) << server.open_streams();
  EXPECT_TRUE(test::eventually([&] { return open_descriptors() == descriptors; }));
  EXPECT_EQ(server.main().local_count(), 0U);
  EXPECT_EQ(server.io().dynamic_count(), 0U);
  EXPECT_EQ(server.failed_tasks(), 0U);
  server.main().everyone().fetch_sockets([&](const auto& sockets) { found.put(sockets->size()); });
  EXPECT_EQ(found.take(), 0U);
}

}  // namespace
}  // namespace togglecast
