// What a connection is refused or ended for: too much, or too slowly.
#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http_fixture.hpp"

namespace togglecast::web::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class HttpLimits : public HttpConnectionTest {
 protected:
  // The server has the bytes, and waits for more.
  void send_part(test::HttpClient& client, std::string_view bytes) {
    const std::uint64_t before = bytes_in();
    client.tcp().send(bytes);
    EXPECT_TRUE(test::eventually([&] { return bytes_in() >= before + bytes.size(); }));
  }
};

TEST_F(HttpLimits, BodiesBeyondTheLimitAreRefusedOnTheirHeaders) {
  auto client = connect();

  client.tcp().send("POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 65537\r\n\r\n");

  EXPECT_EQ(client.receive().status, 413);
  EXPECT_TRUE(client.tcp().closed_by_server());
  EXPECT_THAT(*refused_.take(), StartsWith("413 "));
}

TEST_F(HttpLimits, ChunkedBodiesBeyondTheLimitAreRefusedWhileTheyCome) {
  auto client = connect();

  client.tcp().send("POST /body HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (int i = 0; i < 70; ++i) client.tcp().send("400\r\n" + std::string(1024, 'x') + "\r\n");

  EXPECT_EQ(client.receive().status, 413);
}

TEST_F(HttpLimits, APathOfRawBytesIsRefusedAndOneOfEncodedBytesIsQuoted) {
  auto raw = connect();
  raw.tcp().send("GET /\xff\xed\xa0\x80 HTTP/1.1\r\nHost: x\r\n\r\n");
  const auto refused = raw.receive();
  EXPECT_EQ(refused.status, 400);
  EXPECT_THAT(refused.body, HasSubstr("at byte 1"));

  auto encoded = connect();
  encoded.tcp().send("GET /%FF%ED%A0%80 HTTP/1.1\r\nHost: x\r\n\r\n");
  const auto response = encoded.receive();
  EXPECT_EQ(response.status, 404);
  EXPECT_THAT(response.body, HasSubstr("no such path: /%FF%ED%A0%80"));
}

TEST_F(HttpLimits, HugeHeadersAreRefused) {
  auto client = connect();

  client.tcp().send("GET /hello HTTP/1.1\r\nHost: x\r\nX-Long: " + std::string(20'000, 'h') + "\r\n\r\n");

  EXPECT_EQ(client.receive().status, 431);
  EXPECT_TRUE(client.tcp().closed_by_server());
}

TEST_F(HttpLimits, ARequestThatDoesNotComeInTimeIsTimedOut) {
  auto client = connect();

  send_part(client, "GET /hello HTTP/1.1\r\nHo");
  pass(std::chrono::minutes{5});

  const auto response = client.receive();
  EXPECT_EQ(response.status, 408);
  EXPECT_THAT(response.body, ::testing::HasSubstr(R"("code":"timeout")"));
  EXPECT_TRUE(client.tcp().closed_by_server());
}

TEST_F(HttpLimits, RefusalsAreCountedByTheirStatus) {
  const std::vector<std::pair<unsigned, std::string>> refused{
      {400, "GET /hello HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n"},
      {413, "POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 65537\r\n\r\n"},
      {414, "GET /" + std::string(9'000, 'p') + " HTTP/1.1\r\nHost: x\r\n\r\n"},
      {431, "GET /hello HTTP/1.1\r\nHost: x\r\nX-Long: " + std::string(20'000, 'h') + "\r\n\r\n"},
  };
  for (const auto& [status, bytes] : refused) {
    auto client = connect();
    client.tcp().send(bytes);
    EXPECT_EQ(client.receive().status, status);
  }
  auto late = connect();
  send_part(late, "GET /hello HTTP/1.1\r\nHo");
  pass(std::chrono::minutes{5});
  EXPECT_EQ(late.receive().status, 408);

  const HttpCounters& counters = server_->counters();
  EXPECT_EQ(counters.refused_requests.load(), refused.size() + 1);
  for (std::size_t i = 0; i < HttpCounters::kRefusals.size(); ++i) {
    const bool happened = HttpCounters::kRefusals[i] < 500;
    EXPECT_EQ(counters.refused[i].load(), happened ? 1U : 0U) << HttpCounters::kRefusals[i];
  }
}

TEST_F(HttpLimits, ATrickleDoesNotStretchTheTimeOut) {
  options_.request_timeout = Milliseconds(2'000);
  auto client = connect();

  client.tcp().send("GET /hello HTTP/1.1\r\nX: ");
  while (!client.tcp().readable(Milliseconds(5)) && client.tcp().send("y")) {
  }

  EXPECT_EQ(client.receive().status, 408);
}

TEST_F(HttpLimits, ABodyThatDoesNotComeInTimeIsTimedOut) {
  auto client = connect();

  send_part(client, "POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf");
  pass(std::chrono::minutes{5});

  EXPECT_EQ(client.receive().status, 408);
}

TEST_F(HttpLimits, SilentConnectionsAreClosedSilently) {
  options_.request_timeout = Milliseconds(50);
  auto client = connect();

  EXPECT_EQ(client.tcp().receive_to_end(), "");
}

TEST_F(HttpLimits, IdleConnectionsAreClosedAfterTheirTime) {
  options_.keep_alive_timeout = Milliseconds(50);
  auto client = connect();

  EXPECT_EQ(client.get("/hello").body, "hello");

  EXPECT_EQ(client.tcp().receive_to_end(), "");
}

TEST_F(HttpLimits, TheWaitForALateAnswerIsNoIdleTime) {
  options_.keep_alive_timeout = options_.request_timeout = std::chrono::minutes{1};
  auto client = connect();
  client.tcp().send(get("/later"));
  auto exchange = held_.take();
  ASSERT_TRUE(exchange);

  pass(std::chrono::minutes{10});
  EXPECT_FALSE(client.tcp().readable(Milliseconds(0)));
  answer(*std::exchange(exchange, std::nullopt), "in the end");

  EXPECT_EQ(client.receive().body, "in the end");
}

}  // namespace
}  // namespace togglecast::web::testing
