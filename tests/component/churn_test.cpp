// Thousands of clients that come, talk and are cut off in every phase, while broadcasts with acknowledgements
// run: then sessions, sockets, rooms, timers, descriptors and memory are back where they began.
#include <gmock/gmock.h>
#include <malloc.h>

#include <array>
#include <atomic>
#include <filesystem>
#include <random>
#include <semaphore>
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
using socketio::Socket;
using test::HttpClient;
using test::Mailbox;
using test::SocketIoServer;
using test::TcpClient;
using test::WebSocketClient;

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr bool kInstrumented = true;  // their allocators tell nothing, and everything is slow
#else
constexpr bool kInstrumented = false;
#endif
constexpr int kThreads = 3;
constexpr int kLivesPerThread = kInstrumented ? 200 : 2'000;

constexpr std::string_view kPath = "/socket.io/?EIO=4&transport=";

// What a socket of ours says is lost when the server has gone from the other end, and then reading tells. So
// no step of a life is asserted: a life answers whether it went as meant, and the lives of each kind are
// counted.
class Life {
 public:
  Life(SocketIoServer& server, unsigned seed) : server_(server), random_(seed) {}

  [[nodiscard]] unsigned below(unsigned bound) { return static_cast<unsigned>(random_() % bound); }
  [[nodiscard]] HttpClient http() const { return HttpClient(server_.port()); }

  // A request that breaks off at any byte.
  bool ends_within_the_handshake() {
    static constexpr std::array<std::string_view, 3> kRest{"polling", "websocket",
                                                           "polling&sid=AAAAAAAAAAAAAAAAAAAA"};
    const auto request = HttpClient::request("GET", std::string(kPath) + std::string(kRest[below(3)]), {},
                                             "Upgrade: websocket\r\nConnection: Upgrade\r\n");
    auto client = http();
    client.tcp().send(std::string_view(request).substr(0, below(static_cast<unsigned>(request.size()) + 1)));
    cut(client.tcp());
    return true;
  }

  // A session that never joins a namespace.
  bool opens_a_session() {
    if (below(2) == 0) {
      auto client = http();
      const bool opened = client.get(std::string(kPath) + "polling").status == 200;
      cut(client.tcp());
      return opened;
    }
    WebSocketClient client(http(), std::string(kPath) + "websocket");
    const bool opened = receive_until(client, "0{");
    cut(client.tcp());
    return opened;
  }

  bool talks_and_is_cut() {
    WebSocketClient client(http(), std::string(kPath) + "websocket");
    client.send("40");
    if (!receive_until(client, "40{")) return false;
    client.send("421[\"join\",\"room\"]");
    client.send("422[\"join\",\"room " + std::to_string(below(1'000)) + "\"]");
    if (!receive_until(client, "432[")) return false;
    if (below(2) == 0) {
      client.send("423[\"ask me\"]");  // and gets no answer
      if (!receive_until(client, "433[")) return false;
    }
    return ends_somehow(client);
  }

  bool joins_several_namespaces() {
    WebSocketClient client(http(), std::string(kPath) + "websocket");
    for (int i = 0; i < 3; ++i) {
      const std::string name = "/d/" + std::to_string(below(40));
      client.send("40" + name + ",");
      if (!receive_until(client, "40" + name + ",{")) return i > 0;  // twice the same name: cut off
    }
    return ends_somehow(client);
  }

  // Refused by the middleware, or kept waiting by it.
  bool is_not_let_in() {
    WebSocketClient client(http(), std::string(kPath) + "websocket");
    if (below(2) == 0) {
      client.send("40{\"refuse\":true}");
      const bool refused = receive_until(client, "44{");
      cut(client.tcp());
      return refused;
    }
    client.send("40{\"hold\":true}");
    const bool opened = receive_until(client, "0{");
    cut(client.tcp());
    return opened;
  }

  bool polls_and_is_cut() {
    auto gets = http(), posts = http();
    const std::string sid = open_by_polling(gets);
    if (sid.empty()) return false;
    const std::string target = std::string(kPath) + "polling&sid=" + sid;
    if (posts.post(target, "40").status != 200) return false;
    if (!polled_until(gets, target, "40{")) return false;
    if (posts
            .post(target,
                  "421[\"join\",\"room\"]\x1e"
                  "422[\"sync\"]")
            .status != 200)
      return false;
    if (!polled_until(gets, target, "432[")) return false;
    switch (below(5)) {
      case 0:  // in the middle of a body
        posts.tcp().send(HttpClient::request("POST", target, "42[\"sync\"]").substr(0, 140));
        break;
      case 1:  // while a poll waits
        gets.tcp().send(HttpClient::request("GET", target));
        break;
      case 2:  // two polls at once
        gets.tcp().send(HttpClient::request("GET", target));
        posts.tcp().send(HttpClient::request("GET", target));
        break;
      case 3:
        posts.post(target, "1");
        break;
      default:
        posts.post(target, "42[\"go\",true]");
        break;
    }
    cut(gets.tcp());
    cut(posts.tcp());
    return true;
  }

  // From polling to WebSocket, ended before or after each step.
  bool upgrades() {
    auto gets = http(), posts = http();
    const std::string sid = open_by_polling(gets);
    if (sid.empty()) return false;
    const std::string target = std::string(kPath) + "polling&sid=" + sid;
    posts.post(target, "40");
    if (!polled_until(gets, target, "40{")) return false;
    const unsigned last_step = below(6);
    WebSocketClient socket(http(), std::string(kPath) + "websocket&sid=" + sid);
    bool fine = socket.response().status == 101;
    if (fine && last_step >= 1) gets.tcp().send(HttpClient::request("GET", target));
    if (fine && last_step >= 2) socket.send("2probe");
    if (fine && last_step >= 3) fine = receive_until(socket, "3probe");
    if (fine && last_step >= 4) {
      socket.send("5");
      socket.send("421[\"sync\"]");
    }
    if (fine && last_step >= 5) fine = receive_until(socket, "431[") && ends_somehow(socket);
    cut(socket.tcp());
    cut(gets.tcp());
    cut(posts.tcp());
    return fine;
  }

  // Lost and back with its private id, which with recovery brings the same socket.
  bool comes_back() {
    WebSocketClient client(http(), std::string(kPath) + "websocket");
    client.send("40");
    std::string answer;
    if (!receive_until(client, "40{", &answer)) return false;
    client.send("421[\"join\",\"room\"]");
    std::string event;
    if (!receive_until(client, "42[\"tick\"", &event)) return false;
    cut(client.tcp());
    const auto quote = event.rfind('"');
    const auto begin = event.rfind('"', quote - 1) + 1;
    WebSocketClient again(http(), std::string(kPath) + "websocket");
    again.send("40{\"pid\":\"" + test::string_member(answer, "pid") + "\",\"offset\":\"" +
               event.substr(begin, quote - begin) + "\"}");
    if (!receive_until(again, "40{")) return false;
    return ends_somehow(again);
  }

 private:
  void cut(TcpClient& tcp) {
    if (below(2) == 0) {
      tcp.reset();
    } else {
      tcp.close();
    }
  }

  bool ends_somehow(WebSocketClient& client) {
    switch (below(9)) {
      case 0:
        client.send("41");
        break;
      case 1:
        client.send("1");
        break;
      case 2:
        client.tcp().send(test::client_frame({.opcode = 8, .payload = "\x03\xe8"}));
        break;
      case 3:
        client.send("what is this");
        break;
      case 4:
        client.send("451-[\"sync\",{\"_placeholder\":true,\"num\":0}]");  // the bytes never come
        break;
      case 5:
        client.tcp().send(test::client_text("42[\"sync\"]").substr(0, 7));
        break;
      case 6:
        client.send(below(2) == 0 ? "42[\"go\",true]" : "42[\"go\",false]");
        break;
      default:
        break;
    }
    cut(client.tcp());
    return true;
  }

  // Answers pings, and what the server asks on the way, now and then.
  bool receive_until(WebSocketClient& client, std::string_view start, std::string* found = nullptr) {
    while (auto frame = client.receive()) {
      if (frame->opcode == 8) return false;
      if (frame->payload.starts_with(start)) {
        if (found != nullptr) *found = std::move(frame->payload);
        return true;
      }
      if (frame->payload == "2") client.send("3");
      if (frame->payload.ends_with("[\"ask\"]") && below(2) == 0) {
        const auto id = frame->payload.substr(2, frame->payload.find('[') - 2);
        client.send("43" + id + "[1]");
      }
    }
    return false;
  }

  std::string open_by_polling(HttpClient& gets) {
    return test::string_member(gets.get(std::string(kPath) + "polling").body, "sid");
  }
  bool polled_until(HttpClient& gets, const std::string& target, std::string_view text) {
    for (int i = 0; i < 1'000; ++i) {
      const auto response = gets.get(target);
      if (response.status != 200) return false;
      if (response.body.find(text) != std::string::npos) return true;
    }
    return false;
  }

  SocketIoServer& server_;
  std::mt19937 random_;
};

struct Kind {
  const char* name;
  bool (Life::*live)();
};
constexpr std::array kKinds{
    Kind{"ends within the handshake", &Life::ends_within_the_handshake},
    Kind{"opens a session", &Life::opens_a_session},
    Kind{"talks and is cut", &Life::talks_and_is_cut},
    Kind{"joins several namespaces", &Life::joins_several_namespaces},
    Kind{"is not let in", &Life::is_not_let_in},
    Kind{"polls and is cut", &Life::polls_and_is_cut},
    Kind{"upgrades", &Life::upgrades},
    Kind{"comes back", &Life::comes_back},
};

// What must be back where it was.
struct Tables {
  std::uint64_t sessions = 0, streams = 0, connections = 0;
  std::size_t sockets = 0, rooms = 0, dynamic = 0, timers = 0, descriptors = 0;
  friend bool operator==(const Tables&, const Tables&) = default;
  friend void PrintTo(const Tables& tables, std::ostream* out) {
    *out << "sessions " << tables.sessions << ", streams " << tables.streams << ", connections "
         << tables.connections << ", sockets " << tables.sockets << ", rooms " << tables.rooms
         << ", dynamic namespaces " << tables.dynamic << ", timers " << tables.timers << ", descriptors "
         << tables.descriptors;
  }
};

std::size_t open_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

std::size_t allocated_bytes() {
  ::malloc_trim(0);
  const auto info = ::mallinfo2();
  return info.uordblks + info.hblkhd;
}

class ChurnTest : public ::testing::TestWithParam<bool> {
 protected:
  static Options options(bool recovering) {
    Options options;
    options.engine.ping_interval = Milliseconds(500);  // so that sessions abandoned over polling end soon
    options.engine.ping_timeout = Milliseconds(2'000);
    options.engine.upgrade_timeout = Milliseconds(1'000);
    options.engine.close_grace = Milliseconds(500);
    options.connect_timeout = Milliseconds(1'000);
    if (recovering) {
      options.recovery = [] {
        return socketio::memory_recovery(
            {.max_disconnection = Milliseconds(300), .max_events = 100, .max_sessions = 100});
      };
    }
    return options;
  }

  void SetUp() override {
    auto& nsp = server_.main();
    nsp.use([this](Socket& socket, const socketio::Next& next) {
      if (json::find(socket.auth(), "refuse") != nullptr) return next(socketio::ConnectError{"no"});
      if (json::find(socket.auth(), "hold") != nullptr) return held_.put(next);
      next();
    });
    nsp.on("join", [](Event& event) {
      event.socket().join(std::string_view(event[0].get_string()));
      event.ack();
    });
    nsp.on("ask me", [this](Event& event) {
      ++asked_;
      event.socket().emit_with_ack(
          std::chrono::hours(1), [this](const Result<Arguments>&) { ++answered_; }, "question");
      event.ack();
    });
    nsp.on("go", [](Event& event) { event.socket().disconnect(event[0].as_bool()); });
    server_.io().of_pattern("^/d/\\d+$").on_connection([](Socket& socket) {
      socket.join("room");
      socket.nsp().to("room").emit("came", std::string(socket.id()));
    });
    server_.start();
    begin_ = tables();
  }

  Tables tables() {
    Tables now;
    now.sessions = server_.open_sessions();
    now.streams = server_.open_streams();
    now.connections = server_.open_connections();
    now.sockets = server_.main().local_count();
    now.dynamic = server_.io().dynamic_count();
    std::atomic<std::size_t> rooms{0}, timers{0};
    server_.pool().run_on_all([&](net::Shard& shard) {
      rooms += server_.main().local_room_count(shard);
      timers += shard.armed_timers();
    });
    now.rooms = rooms;
    now.timers = timers;
    now.descriptors = open_descriptors();
    return now;
  }

  // Broadcasts of every sort until `stop`; at most eight wait for their acknowledgements.
  void make_weather(const std::atomic<bool>& stop) {
    constexpr int kWaiting = 8;
    std::counting_semaphore<kWaiting> waiting(kWaiting);
    auto& nsp = server_.main();
    for (int i = 0; !stop; ++i) {
      waiting.acquire();
      nsp.to("room")
          .timeout(Milliseconds(20))
          .emit_with_ack(
              [&](const Answers& answers) {
                answers_ += answers.answers.size();
                waiting.release();
              },
              "ask");
      nsp.emit("tick", i);
      nsp.to("room").except("room 7").volatile_().emit("fleeting");
      if (i % 4 == 0) nsp.to("room").sockets_join({"room " + std::to_string(i % 100), "all"});
      if (i % 4 == 1) nsp.to("all").sockets_leave({"room " + std::to_string(i % 100)});
      if (i % 4 == 2) {
        waiting.acquire();
        nsp.in("all").fetch_sockets([&](const auto&) { waiting.release(); });
      }
      if (i % 16 == 3) nsp.to("room " + std::to_string(i % 100)).disconnect_sockets(i % 32 == 3);
    }
    for (int i = 0; i < kWaiting; ++i) waiting.acquire();
  }

  // Runs so many lives on each thread, and waits until nothing of them is left.
  void churn(int lives, unsigned seed) {
    std::atomic<bool> stop{false};
    std::thread weather([&] { make_weather(stop); });
    std::vector<std::thread> threads;
    for (unsigned thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back([this, lives, seed = seed + thread] {
        Life life(server_, seed);
        for (int i = 0; i < lives; ++i) {
          const unsigned kind = life.below(kKinds.size());
          if ((life.*kKinds[kind].live)()) ++lived_[kind];
        }
      });
    }
    for (auto& thread : threads) thread.join();
    stop = true;
    weather.join();
    held_.clear();
    test::eventually([this] { return tables() == begin_; });
    EXPECT_EQ(tables(), begin_);
    EXPECT_EQ(asked_, answered_) << "acknowledgements still pend";
    server_.forget_log_lines();
  }

  Mailbox<socketio::Next> held_;
  std::atomic<std::size_t> asked_{0}, answered_{0}, answers_{0};
  std::array<std::atomic<int>, kKinds.size()> lived_{};
  SocketIoServer server_{options(GetParam())};
  Tables begin_;
};

TEST_P(ChurnTest, LeavesNothingBehind) {
  churn(kLivesPerThread / 5, 1);  // tables take their size
  const std::size_t before = allocated_bytes();

  churn(kLivesPerThread, 1'000);

  const std::size_t after = allocated_bytes();
  constexpr std::size_t kSlack =
      256 * 1024;  // of thousands of lives: a leak of a hundred bytes in each is more
  if (!kInstrumented) {
    EXPECT_LT(after, before + kSlack);
  }
  for (std::size_t kind = 0; kind < kKinds.size(); ++kind)
    EXPECT_GT(lived_[kind], kThreads * kLivesPerThread / 16) << kKinds[kind].name;
  EXPECT_GT(asked_, 0U);
  EXPECT_GT(answers_, 0U);
  EXPECT_EQ(server_.failed_tasks(), 0U);
}

INSTANTIATE_TEST_SUITE_P(Recovery, ChurnTest, ::testing::Values(false, true),
                         [](const auto& instance) { return instance.param ? "On" : "Off"; });

}  // namespace
}  // namespace togglecast
