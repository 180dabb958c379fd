// Thousands of clients that come, talk and are cut off in every phase, while broadcasts with acknowledgements
// run: then sessions, sockets, rooms, timers, descriptors and memory are back where they began.
#include <gmock/gmock.h>
#include <malloc.h>

#include <atomic>
#include <filesystem>
#include <semaphore>
#include <string>
#include <thread>
#include <vector>

#include "churn_life.hpp"

namespace togglecast::testing {
namespace {

using socketio::Answers;
using socketio::Arguments;
using socketio::Event;
using socketio::Options;
using socketio::Socket;
using test::Mailbox;

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr bool kInstrumented = true;  // their allocators tell nothing, and everything is slow
#else
constexpr bool kInstrumented = false;
#endif
constexpr int kThreads = 3;
constexpr int kLivesPerThread = kInstrumented ? 200 : 2'000;

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
    options.engine.ping_timeout = Milliseconds(kInstrumented ? 15'000 : 2'000);
    options.engine.upgrade_timeout = Milliseconds(kInstrumented ? 10'000 : 1'000);
    options.engine.close_grace = Milliseconds(500);
    options.engine.crossing_poll = Milliseconds(10);
    options.connect_timeout = Milliseconds(kInstrumented ? 10'000 : 1'000);
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
  constexpr std::size_t kSlack =
      256 * 1024;  // of thousands of lives: a leak of a hundred bytes in each is more
  // Each thread keeps some freed memory for itself, which fills up once. A leak is there in every round.
  constexpr unsigned kRounds = kInstrumented ? 1 : 3;
  std::vector<std::ptrdiff_t> grown;
  for (unsigned round = 0; round < kRounds; ++round) {
    const std::size_t before = allocated_bytes();
    churn(kLivesPerThread, 1'000 * (round + 1));
    grown.push_back(static_cast<std::ptrdiff_t>(allocated_bytes()) - static_cast<std::ptrdiff_t>(before));
    if (grown.back() < static_cast<std::ptrdiff_t>(kSlack)) break;
  }

  if (!kInstrumented) {
    EXPECT_LT(grown.back(), static_cast<std::ptrdiff_t>(kSlack)) << ::testing::PrintToString(grown);
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
}  // namespace togglecast::testing
