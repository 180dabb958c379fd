// Clients that ask and never fetch the answers.
#include <gmock/gmock.h>

#include <atomic>
#include <string>
#include <thread>

#include "support/client_frames.hpp"
#include "support/socketio_server.hpp"

namespace togglecast {
namespace {

using socketio::Event;
using socketio::Options;
using test::SocketIoServer;

// Each waits in a queue and in a block of its own, which cost more than its few bytes.
TEST(UnreadAnswers, OfAPollingClientWeighWhatTheyCostAndStopItsRequests) {
  constexpr std::size_t kUnread = 16 * 1024;
  constexpr std::size_t kInABody = 100;
  Options options;
  options.engine.stream.unread_bytes = kUnread;
  SocketIoServer server(std::move(options));
  std::atomic<std::size_t> handled{0};
  server.main().on("tiny", [&handled](Event& event) {
    ++handled;
    event.ack();
  });
  server.start();
  auto other = server.joined();
  auto client = server.polling();
  ASSERT_EQ(client.post("40").status, 200);

  std::string body = "421[\"tiny\"]";
  for (std::size_t i = 1; i < kInABody; ++i)
    body +=
        "\x1e"
        "421[\"tiny\"]";
  std::size_t asked = 0;
  std::thread poster([&] {
    for (int i = 0; i < 10; ++i) {
      if (client.posts().post(client.target(), body).status != 200) return;
      asked += kInABody;
    }
  });
  ASSERT_TRUE(test::eventually([&] { return handled > 2 * kInABody; }));
  other.round_trip();
  server.settle();
  EXPECT_LE(handled, kUnread / 64 + 1);

  std::size_t answered = 0;
  while (answered < 10 * kInABody) {
    client.begin_poll();
    for (const auto& packet : client.end_poll_with_packets()) answered += packet.starts_with("43") ? 1U : 0U;
  }
  poster.join();
  EXPECT_EQ(asked, 10 * kInABody);
  EXPECT_EQ(handled, 10 * kInABody);
}

// More than a stream may queue: the requests wait for the answers before them.
TEST(UnreadAnswers, OfAWebSocketStopItsRequests) {
  constexpr std::size_t kAnswer = 64 * 1024;
  constexpr std::size_t kRequests = 400;
  Options options;
  options.engine.stream.backlog_bytes = 1024 * 1024;
  SocketIoServer server(std::move(options));
  std::atomic<std::size_t> handled{0};
  server.main().on("large", [&handled](Event& event) {
    ++handled;
    event.ack(std::string(kAnswer, 'l'));
  });
  server.start();
  auto client = server.joined();
  std::string frames;
  for (std::size_t i = 0; i < kRequests; ++i)
    frames += test::client_text("42" + std::to_string(i) + "[\"large\"]");
  client.tcp().send(frames);
  ASSERT_TRUE(test::eventually([&] {
    std::uint64_t blocked = 0;
    for (std::size_t i = 0; i < server.pool().size(); ++i)
      blocked += server.pool().at(i).counters().blocked_writes.load();
    return blocked > 0;
  }));
  server.settle();

  EXPECT_LT(handled, kRequests);
  for (std::size_t i = 0; i < kRequests; ++i) {
    const std::string answer = client.next();
    ASSERT_TRUE(answer.starts_with("43" + std::to_string(i) + "["));
    ASSERT_GT(answer.size(), kAnswer);
  }
  client.round_trip();
}

}  // namespace
}  // namespace togglecast
