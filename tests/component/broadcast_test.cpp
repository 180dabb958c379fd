// Broadcasts over two shards: who gets what, in which order, and who answers.
#include <gmock/gmock.h>

#include <map>
#include <string>
#include <thread>
#include <vector>

#include "support/socketio_server.hpp"

namespace togglecast {
namespace {

using socketio::Answers;
using socketio::Arguments;
using socketio::Event;
using socketio::Options;
using socketio::RemoteSocket;
using socketio::Socket;
using test::Mailbox;
using test::SocketIoClient;
using test::SocketIoServer;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

class BroadcastTest : public ::testing::Test {
 protected:
  // Three clients on each shard; of each, the first is in room `red`, the second in `red` and `blue`.
  void SetUp() override {
    server_.main().on("join", [](Event& event) {
      event.socket().join(json::string_or_empty(event[0], "room"));
      event.ack();
    });
    server_.start();
    for (int i = 0; i < 6; ++i) {
      clients_.push_back(server_.joined_on(i < 3 ? 0 : 1));
      ids_.push_back(clients_.back().sid());
    }
    join(0, "red");
    join(1, "red");
    join(1, "blue");
    join(3, "red");
    join(4, "red");
    join(4, "blue");
  }
  void join(std::size_t client, const std::string& room) {
    clients_[client].send("420[\"join\",{\"room\":\"" + room + "\"}]");
    EXPECT_EQ(clients_[client].next(), "430[]");
  }
  // Who received the event `name`, by index.
  std::vector<std::size_t> receivers(const std::string& name) {
    server_.settle();
    std::vector<std::size_t> received;
    for (std::size_t i = 0; i < clients_.size(); ++i) {
      const auto packets = clients_[i].round_trip();
      int times = 0;
      for (const auto& packet : packets) times += packet.starts_with("42[\"" + name + "\"") ? 1 : 0;
      EXPECT_LE(times, 1) << "client " << i << " got it more than once";
      if (times > 0) received.push_back(i);
    }
    return received;
  }
  socketio::Namespace& nsp() { return server_.main(); }

  SocketIoServer server_;
  std::vector<SocketIoClient> clients_;
  std::vector<std::string> ids_;
};

TEST_F(BroadcastTest, ReachesEveryoneOnEveryShard) {
  nsp().emit("all");
  EXPECT_THAT(receivers("all"), ElementsAre(0, 1, 2, 3, 4, 5));
}

TEST_F(BroadcastTest, ReachesRoomsAcrossShardsOnce) {
  nsp().to("red").emit("red");
  EXPECT_THAT(receivers("red"), ElementsAre(0, 1, 3, 4));
  nsp().to("red").to("blue").emit("both");
  EXPECT_THAT(receivers("both"), ElementsAre(0, 1, 3, 4));
  nsp().to(std::vector<std::string>{"blue", ids_[5]}).emit("list");
  EXPECT_THAT(receivers("list"), ElementsAre(1, 4, 5));
  nsp().to("green").emit("green");
  EXPECT_THAT(receivers("green"), IsEmpty());
}

TEST_F(BroadcastTest, LeavesOutWhomItShall) {
  nsp().to("red").except("blue").emit("red not blue");
  EXPECT_THAT(receivers("red not blue"), ElementsAre(0, 3));
  nsp().except(ids_[2]).except("red").emit("rest");
  EXPECT_THAT(receivers("rest"), ElementsAre(5));
}

TEST_F(BroadcastTest, FromASocketGoesToTheOthers) {
  net::Shard& shard = server_.pool().at(0);
  shard.post([&] {
    nsp().for_each_local(shard, {.rooms = {ids_[1]}}, [](Socket& socket) {
      socket.broadcast().emit("others");
      socket.to("red").emit("red others");
    });
  });
  EXPECT_THAT(receivers("others"), ElementsAre(0, 2, 3, 4, 5));
  shard.post([&] {
    nsp().for_each_local(shard, {.rooms = {ids_[1]}},
                         [](Socket& socket) { socket.to("red").emit("red others"); });
  });
  EXPECT_THAT(receivers("red others"), ElementsAre(0, 3, 4));
}

TEST_F(BroadcastTest, CarriesBinaryPartsAlike) {
  nsp().to(ids_[0]).to(ids_[3]).emit("bytes", 1, socketio::Binary{SharedBytes("\x01\x02")});

  for (const std::size_t i : {0U, 3U}) {
    EXPECT_EQ(clients_[i].next(), R"(451-["bytes",1,{"_placeholder":true,"num":0}])");
    EXPECT_EQ(clients_[i].next(), "b:\x01\x02");
  }
}

TEST_F(BroadcastTest, EachSendersBroadcastsKeepTheirOrderEverywhere) {
  constexpr int kSenders = 4, kEach = 500;
  std::vector<std::thread> senders;
  for (int sender = 0; sender < kSenders; ++sender) {
    senders.emplace_back([this, sender] {
      for (int i = 0; i < kEach; ++i) {
        if (i % 2 == 0) {
          nsp().emit("n", sender, i);
        } else {
          nsp().to("red").to(ids_[2]).to(ids_[5]).emit("n", sender, i);
        }
      }
    });
  }
  for (auto& sender : senders) sender.join();
  server_.settle();

  for (auto& client : clients_) {
    std::vector<int> next(kSenders, 0);
    for (const auto& packet : client.round_trip()) {
      if (!packet.starts_with("42[\"n\",")) continue;
      const int sender = packet[7] - '0';
      auto& expected = next[static_cast<std::size_t>(sender)];
      ASSERT_EQ(packet, "42[\"n\"," + std::to_string(sender) + "," + std::to_string(expected) + "]");
      ++expected;
    }
    EXPECT_EQ(next, std::vector<int>(kSenders, kEach));
  }
}

TEST_F(BroadcastTest, VolatileOnesAreNotQueued) {
  auto away = server_.polling();
  away.post("40");
  ASSERT_THAT(away.receive().value_or(""), StartsWith("40{"));

  nsp().everyone().volatile_().emit("fleeting");
  EXPECT_THAT(receivers("fleeting"), SizeIs(6));
  nsp().emit("lasting");

  EXPECT_EQ(away.receive(), "42[\"lasting\"]");
}

TEST_F(BroadcastTest, AWaitingPollGetsVolatileOnes) {
  auto waiting = server_.polling();
  waiting.post("40");
  ASSERT_THAT(waiting.receive().value_or(""), StartsWith("40{"));
  server_.hold_poll(waiting);

  nsp().everyone().volatile_().emit("fleeting");

  EXPECT_EQ(waiting.end_poll().body, "42[\"fleeting\"]");
}

TEST_F(BroadcastTest, GathersAnswersOfAllShards) {
  Mailbox<Answers> done;
  nsp()
      .to("red")
      .timeout(std::chrono::seconds(60))
      .emit_with_ack([&](Answers answers) { done.put(answers); }, "ask");

  for (const std::size_t i : {0U, 1U, 3U, 4U}) {
    const auto question = clients_[i].next();
    ASSERT_THAT(question, ::testing::EndsWith("[\"ask\"]"));
    clients_[i].send("43" + question.substr(2, question.find('[') - 2) + "[" + std::to_string(i) + "]");
  }

  const auto answers = done.take();
  ASSERT_TRUE(answers);
  EXPECT_FALSE(answers->timed_out);
  std::vector<std::string> values;
  for (const auto& answer : answers->answers) values.push_back(json::serialize(answer.values));
  EXPECT_THAT(values, UnorderedElementsAre("[0]", "[1]", "[3]", "[4]"));
}

TEST_F(BroadcastTest, TheTimeOutBringsTheAnswersSoFar) {
  Mailbox<Answers> done;
  net::Shard& shard = server_.pool().at(1);
  bool on_the_calling_shard = false;
  shard.post([&] {
    nsp()
        .to("red")
        .timeout(Milliseconds(20'000))
        .emit_with_ack(
            [&](Answers answers) {
              on_the_calling_shard = shard.is_current();
              done.put(std::move(answers));
            },
            "ask");
  });
  for (const std::size_t i : {0U, 4U}) {
    const auto question = clients_[i].next();
    clients_[i].send("43" + question.substr(2, question.find('[') - 2) + "[" + std::to_string(i) + "]");
  }
  clients_[1].tcp().close();  // leaves without an answer
  for (const std::size_t i : {0U, 4U}) clients_[i].round_trip();
  server_.settle();
  EXPECT_EQ(done.size(), 0U);
  server_.pass(Milliseconds(22'500));  // and before the next ping

  const auto answers = done.take();
  ASSERT_TRUE(answers);
  EXPECT_TRUE(answers->timed_out);
  EXPECT_THAT(answers->answers, SizeIs(2));
  EXPECT_TRUE(on_the_calling_shard);
}

TEST_F(BroadcastTest, NobodyAskedIsAnsweredAtOnce) {
  Mailbox<Answers> done;
  nsp()
      .to("nowhere")
      .timeout(std::chrono::hours(1))
      .emit_with_ack([&](Answers answers) { done.put(answers); }, "ask");

  const auto answers = done.take();
  ASSERT_TRUE(answers);
  EXPECT_FALSE(answers->timed_out);
  EXPECT_THAT(answers->answers, IsEmpty());
}

TEST(Broadcast, FreesTheCallbacksOfAnswersThatArePendingAtTheEnd) {
  const auto held = std::make_shared<int>(0);
  {
    SocketIoServer server;
    server.start();
    const auto client = server.joined();
    for (int i = 0; i < 10; ++i)
      server.main().everyone().timeout(std::chrono::hours(1)).emit_with_ack([held](Answers) {}, "ask");
    server.settle();
    EXPECT_GT(held.use_count(), 10);
  }
  EXPECT_EQ(held.use_count(), 1);
}

TEST_F(BroadcastTest, FetchesSocketsOfAllShards) {
  net::Shard& shard = server_.pool().at(1);
  shard.post([&] {
    nsp().for_each_local(shard, {.rooms = {ids_[4]}}, [](Socket& socket) {
      socket.data() = {{"name", "Ada"}};
    });
  });
  server_.settle();
  Mailbox<std::vector<RemoteSocket>> fetched;
  nsp().in("red").fetch_sockets([&](const auto& sockets) { fetched.put(*sockets); });

  const auto sockets = fetched.take();
  ASSERT_TRUE(sockets);
  std::map<std::string, const RemoteSocket*> by_id;
  for (const auto& socket : *sockets) by_id[socket.id] = &socket;
  ASSERT_THAT(by_id, SizeIs(4));
  ASSERT_TRUE(by_id.contains(ids_[4]));
  EXPECT_THAT(by_id[ids_[4]]->rooms, UnorderedElementsAre("red", "blue", ids_[4]));
  EXPECT_EQ(by_id[ids_[4]]->data, (json::value{{"name", "Ada"}}));
  EXPECT_EQ(json::string_or_empty(by_id[ids_[0]]->handshake, "url"), "/socket.io/?EIO=4&transport=websocket");
  EXPECT_TRUE(by_id[ids_[0]]->handshake.at("headers").as_object().contains("host")) << "as Node names it";
}

TEST_F(BroadcastTest, MakesSocketsJoinAndLeave) {
  nsp().to("red").sockets_join({"green", "white"});
  nsp().to("blue").sockets_leave({"green"});
  server_.settle();

  nsp().to("green").emit("green");
  EXPECT_THAT(receivers("green"), ElementsAre(0, 3));
  nsp().to("white").emit("white");
  EXPECT_THAT(receivers("white"), ElementsAre(0, 1, 3, 4));
}

TEST_F(BroadcastTest, DisconnectsSockets) {
  nsp().to("blue").disconnect_sockets();
  EXPECT_EQ(clients_[1].next(), "41");
  EXPECT_EQ(clients_[4].next(), "41");
  EXPECT_THAT(clients_[4].join(), StartsWith("40{"));
  nsp().to("red").disconnect_sockets(true);

  EXPECT_EQ(clients_[0].next(), "41");
  EXPECT_EQ(clients_[0].receive(), std::nullopt);
  EXPECT_EQ(clients_[3].next(), "41");
  EXPECT_EQ(clients_[3].receive(), std::nullopt);
  EXPECT_TRUE(test::eventually([this] { return nsp().local_count() == 3; }));
}

// One goes, and its handler takes the next along: nobody may be met after it has gone.
TEST(Broadcast, DisconnectHandlersMayDisconnectOthers) {
  SocketIoServer server({}, 1);
  server.main().on_disconnect([&](Socket& socket, socketio::DisconnectReason) {
    socket.nsp().except(std::string(socket.id())).disconnect_sockets();
  });
  server.start();
  std::vector<SocketIoClient> clients;
  for (int i = 0; i < 8; ++i) clients.push_back(server.joined());

  server.main().everyone().disconnect_sockets();

  for (auto& client : clients) EXPECT_EQ(client.next(), "41");
  EXPECT_EQ(server.main().local_count(), 0U);
}

// A cluster of one that counts what goes through it.
struct CountingAdapter final : socketio::Adapter {
  explicit CountingAdapter(socketio::LocalNode& node) : local(socketio::local_adapter(node)) {}
  void broadcast(Arguments event, socketio::BroadcastOptions options) override {
    ++broadcasts;
    local->broadcast(std::move(event), std::move(options));
  }
  void broadcast_with_ack(Arguments event, socketio::BroadcastOptions options,
                          std::function<void(Answers)> done) override {
    local->broadcast_with_ack(std::move(event), std::move(options), std::move(done));
  }
  void join(socketio::BroadcastOptions targets, std::vector<std::string> rooms) override {
    local->join(std::move(targets), std::move(rooms));
  }
  void leave(socketio::BroadcastOptions targets, std::vector<std::string> rooms) override {
    local->leave(std::move(targets), std::move(rooms));
  }
  void disconnect(socketio::BroadcastOptions targets, bool close) override {
    local->disconnect(std::move(targets), close);
  }
  void fetch(socketio::BroadcastOptions targets,
             std::function<void(Result<std::vector<RemoteSocket>>)> done) override {
    local->fetch(std::move(targets), std::move(done));
  }
  void server_side_emit(Arguments event, std::function<void(Result<std::vector<Arguments>>)> done) override {
    local->server_side_emit(std::move(event), std::move(done));
  }
  std::unique_ptr<socketio::Adapter> local;
  std::atomic<int> broadcasts{0};
};

TEST(Broadcast, LocalOnesDoNotLeaveThisServer) {
  CountingAdapter* adapter = nullptr;
  Options options;
  options.adapter = [&](socketio::LocalNode& node) {
    auto made = std::make_unique<CountingAdapter>(node);
    adapter = made.get();
    return made;
  };
  SocketIoServer server(std::move(options));
  server.start();
  auto client = server.joined();

  server.main().emit("wide");
  server.main().everyone().local().emit("near");

  EXPECT_EQ(client.next(), "42[\"wide\"]");
  EXPECT_EQ(client.next(), "42[\"near\"]");
  EXPECT_EQ(adapter->broadcasts, 1);
}

}  // namespace
}  // namespace togglecast
