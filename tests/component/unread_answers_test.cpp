// Clients that ask and never fetch the answers.
#include <gmock/gmock.h>

#include <string>

#include "support/socketio_server.hpp"

namespace togglecast {
namespace {

using socketio::Event;
using socketio::Options;
using test::SocketIoServer;

// Each waits in a queue and in a block of its own, which cost more than its few bytes.
TEST(UnreadAnswers, OfAPollingClientWeighWhatTheyCost) {
  constexpr std::size_t kLimit = 64 * 1024;
  Options options;
  options.engine.polling_backlog = kLimit;
  SocketIoServer server(std::move(options));
  server.main().on("tiny", [](Event& event) { event.ack(); });
  server.start();
  auto other = server.joined();
  auto client = server.polling();
  ASSERT_EQ(client.post("40").status, 200);

  std::string body = "421[\"tiny\"]";
  for (int i = 1; i < 100; ++i)
    body +=
        "\x1e"
        "421[\"tiny\"]";
  std::size_t asked = 0;
  while (asked < kLimit && client.post(body).status == 200) asked += 100;

  EXPECT_GE(asked, 100U);
  EXPECT_LE(asked, kLimit / 64 + 200);
  other.round_trip();
  EXPECT_TRUE(test::eventually([&] { return server.open_sessions() == 1; }));
}

}  // namespace
}  // namespace togglecast
