// The rooms of a shard, seen through the sockets that are in them.
#include "socketio/rooms.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "support/socketio_server.hpp"

namespace togglecast::socketio {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class RoomsTest : public ::testing::Test {
 protected:
  void connect(std::size_t count) {
    server_.main().on_connection([this](Socket& socket) { sockets_.push_back(socket.shared_from_this()); });
    server_.start();
    for (std::size_t i = 0; i < count; ++i) clients_.push_back(server_.joined());
  }
  void TearDown() override {
    on_shard([this] { sockets_.clear(); });
  }
  void on_shard(const std::function<void()>& task) {
    server_.pool().run_on_all([&](net::Shard&) { task(); });
  }
  // Indices of the sockets that a broadcast reaches, in the order of visits.
  std::vector<std::size_t> reached(const BroadcastOptions& options) {
    std::vector<std::size_t> indices;
    server_.main().for_each_local(server_.pool().at(0), options,
                                  [&](Socket& socket) { indices.push_back(index_of(socket)); });
    return indices;
  }
  std::size_t index_of(const Socket& socket) const {
    const auto found = std::find_if(sockets_.begin(), sockets_.end(),
                                    [&](const auto& held) { return held.get() == &socket; });
    return static_cast<std::size_t>(found - sockets_.begin());
  }

  test::SocketIoServer server_{{}, 1};
  std::vector<test::SocketIoClient> clients_;
  std::vector<std::shared_ptr<Socket>> sockets_;
};

TEST_F(RoomsTest, ASocketInSeveralRoomsIsMetOnce) {
  connect(3);
  on_shard([this] {
    sockets_[0]->join("a");
    sockets_[0]->join("b");
    sockets_[1]->join("b");

    EXPECT_THAT(reached({.rooms = {"a", "b"}}), UnorderedElementsAre(0, 1));
    EXPECT_THAT(reached({.rooms = {"a", "a"}}), ElementsAre(0));
    EXPECT_THAT(reached({}), UnorderedElementsAre(0, 1, 2));
    EXPECT_THAT(reached({.rooms = {"nowhere"}}), IsEmpty());
  });
}

TEST_F(RoomsTest, ExceptWinsOverRooms) {
  connect(3);
  on_shard([this] {
    for (const auto& socket : sockets_) socket->join("all");
    sockets_[1]->join("muted");

    EXPECT_THAT(reached({.rooms = {"all"}, .except = {"muted"}}), UnorderedElementsAre(0, 2));
    EXPECT_THAT(reached({.except = {"muted", std::string(sockets_[0]->id())}}), ElementsAre(2));
    EXPECT_THAT(reached({.rooms = {"all"}, .except = {"all"}}), IsEmpty());
    EXPECT_THAT(reached({.rooms = {"all"}, .except = {"nowhere"}}), UnorderedElementsAre(0, 1, 2));
  });
}

TEST_F(RoomsTest, ASocketIsAlwaysInTheRoomOfItsId) {
  connect(2);
  on_shard([this] {
    const std::string id(sockets_[1]->id());
    sockets_[1]->join(id);
    sockets_[1]->leave(id);

    EXPECT_THAT(reached({.rooms = {id}}), ElementsAre(1));
    EXPECT_THAT(sockets_[1]->rooms(), ElementsAre(id));
  });
}

TEST_F(RoomsTest, TheOwnRoomComesFirstAmongTheRoomsOfASocket) {
  connect(2);
  on_shard([this] {
    const std::string id(sockets_[0]->id());
    sockets_[0]->join("a");

    EXPECT_THAT(sockets_[0]->rooms(), ElementsAre(id, "a"));
    EXPECT_THAT(sockets_[1]->rooms(), ElementsAre(sockets_[1]->id()));
  });
}

TEST_F(RoomsTest, ASocketHasNoRoomBeforeItIsConnectedNorAfterwards) {
  std::vector<std::string> before{"not seen"};
  server_.main().use([&before](Socket& socket, const Next& next) {
    before = socket.rooms();
    next();
  });
  connect(1);
  on_shard([&] {
    sockets_[0]->disconnect();

    EXPECT_THAT(before, IsEmpty());
    EXPECT_THAT(sockets_[0]->rooms(), IsEmpty());
  });
}

TEST_F(RoomsTest, OperationsOnRoomsWorkWithTheRoomOfASocket) {
  connect(3);
  on_shard([this] {
    Namespace& nsp = server_.main();
    const std::string id(sockets_[1]->id());

    nsp.in(id).sockets_join({"team"});
    EXPECT_THAT(reached({.rooms = {"team"}}), ElementsAre(1));
    EXPECT_THAT(reached({.rooms = {"team", id}}), ElementsAre(1));
    nsp.except(id).sockets_join({"others"});
    EXPECT_THAT(reached({.rooms = {"others"}}), UnorderedElementsAre(0, 2));
    nsp.everyone().sockets_leave({id});
    EXPECT_THAT(sockets_[1]->rooms(), ElementsAre(id, "team"));
    nsp.in(id).sockets_leave({"team"});
    EXPECT_THAT(reached({.rooms = {"team"}}), IsEmpty());
    EXPECT_EQ(nsp.local_room_count(server_.pool().at(0)), 1U) << "the room \"others\"";
  });
}

// Clients often choose the names of rooms. A room with the id of a socket as its name must not take the
// messages of that socket.
TEST_F(RoomsTest, ARoomCalledLikeAnIdDoesNotHideTheSocket) {
  connect(3);
  on_shard([this] {
    const std::string id(sockets_[1]->id());
    sockets_[0]->join(id);

    EXPECT_THAT(reached({.rooms = {id}}), UnorderedElementsAre(0, 1));
    EXPECT_THAT(reached({.rooms = {id, "x"}}), UnorderedElementsAre(0, 1));
    EXPECT_THAT(reached({.except = {id}}), ElementsAre(2));
  });
}

TEST_F(RoomsTest, TheEmptyNameIsARoomLikeAnyOther) {
  connect(2);
  on_shard([this] {
    sockets_[0]->join("");

    EXPECT_THAT(reached({.rooms = {""}}), ElementsAre(0));
    EXPECT_THAT(sockets_[0]->rooms(), ElementsAre(sockets_[0]->id(), ""));
    sockets_[0]->leave("");
    EXPECT_THAT(reached({.rooms = {""}}), IsEmpty());
    EXPECT_THAT(reached({}), UnorderedElementsAre(0, 1));
  });
}

TEST_F(RoomsTest, TheLimitOfRoomsPerSocketHolds) {
  connect(1);
  on_shard([this] {
    const std::size_t limit = server_.io().options().rooms_per_socket;
    for (std::size_t i = 0; i < limit; ++i) ASSERT_TRUE(sockets_[0]->join("room " + std::to_string(i)));

    EXPECT_FALSE(sockets_[0]->join("one more"));
    EXPECT_TRUE(sockets_[0]->join("room 7")) << "it is there already";
    sockets_[0]->leave("room 7");
    EXPECT_TRUE(sockets_[0]->join("one more"));
  });
}

TEST_F(RoomsTest, VisitorsMayDisconnectWhomTheyHaveNotMetYet) {
  connect(4);
  on_shard([this] {
    for (const auto& socket : sockets_) socket->join("duel");
    const std::vector<std::weak_ptr<Socket>> watched(sockets_.begin(), sockets_.end());
    sockets_.clear();  // nobody but the connections owns them now
    std::size_t met = 0;

    server_.main().for_each_local(server_.pool().at(0), {.rooms = {"duel"}}, [&](Socket& socket) {
      ++met;
      for (const auto& other : watched) {
        const auto locked = other.lock();
        if (locked != nullptr && locked.get() != &socket) locked->disconnect();
      }
    });

    EXPECT_EQ(met, 1U);
  });
}

TEST_F(RoomsTest, AgreeWithASimpleModelUnderRandomUse) {
  constexpr std::size_t kSockets = 24, kRooms = 9;
  connect(kSockets);
  on_shard([this] {
    std::mt19937 random(5);
    std::map<std::string, std::set<std::size_t>> model;
    std::set<std::size_t> present;
    for (std::size_t i = 0; i < kSockets; ++i) present.insert(i);
    const auto room = [&] { return "r" + std::to_string(random() % kRooms); };

    for (int step = 0; step < 6'000; ++step) {
      const std::size_t who = random() % kSockets;
      const std::string name = room();
      const auto action = random() % 100;
      if (action < 50) {
        EXPECT_EQ(sockets_[who]->join(name), present.contains(who));
        if (present.contains(who)) model[name].insert(who);
      } else if (action < 95) {
        sockets_[who]->leave(name);
        model[name].erase(who);
      } else if (step % 40 == 0) {
        sockets_[who]->disconnect();
        present.erase(who);
        for (auto& [_, members] : model) members.erase(who);
      }

      BroadcastOptions options;
      for (auto i = random() % 3; i > 0; --i) options.rooms.push_back(room());
      for (auto i = random() % 3; i > 0; --i) options.except.push_back(room());
      std::set<std::size_t> expected = present;
      if (!options.rooms.empty()) {
        expected.clear();
        for (const auto& wanted : options.rooms) expected.insert(model[wanted].begin(), model[wanted].end());
      }
      for (const auto& unwanted : options.except)
        for (const auto member : model[unwanted]) expected.erase(member);
      auto met = reached(options);
      ASSERT_EQ(std::set<std::size_t>(met.begin(), met.end()), expected) << "at step " << step;
      ASSERT_EQ(met.size(), expected.size()) << "somebody was met twice at step " << step;
      std::set<std::string> rooms;
      if (present.contains(who)) rooms.emplace(sockets_[who]->id());
      for (const auto& [known, members] : model)
        if (members.contains(who)) rooms.insert(known);
      const auto own = sockets_[who]->rooms();
      ASSERT_EQ(std::set<std::string>(own.begin(), own.end()), rooms) << "at step " << step;
      ASSERT_EQ(server_.main().local_count(), present.size());
    }
  });
}

}  // namespace
}  // namespace togglecast::socketio
