#include "web/live_exchange.hpp"

#include <string>
#include <thread>

#include "http_fixture.hpp"

namespace togglecast::web::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class LiveExchangeTest : public HttpConnectionTest {};

TEST_F(LiveExchangeTest, ADroppedExchangeAnswersFor) {
  auto client = connect();

  EXPECT_EQ(client.get("/drop").status, 500);
  EXPECT_EQ(client.get("/hello").body, "hello");
}

TEST_F(LiveExchangeTest, AnExchangeMayBeDroppedOnAnotherThread) {
  auto client = connect();
  client.tcp().send(get("/later") + get("/hello"));
  auto exchange = held_.take();
  ASSERT_TRUE(exchange);

  std::thread([held = *std::exchange(exchange, std::nullopt)] {}).join();

  EXPECT_EQ(client.receive().status, 500);
  EXPECT_EQ(client.receive().body, "hello");
}

TEST_F(LiveExchangeTest, AnExchangeMayOutliveItsConnection) {
  auto client = connect();
  client.tcp().send(get("/later"));
  auto exchange = held_.take();
  ASSERT_TRUE(exchange);
  client.tcp().reset();
  ASSERT_TRUE(test::eventually([this] { return server_->counters().open_connections.load() == 0; }));

  answer(*exchange, "to nobody");
  std::thread([held = *std::exchange(exchange, std::nullopt)] {}).join();

  EXPECT_EQ(server_->counters().aborted_requests.load(), 1U);
}

TEST_F(LiveExchangeTest, AnExchangeMayOutliveItsServer) {
  auto client = connect();
  client.tcp().send(get("/later"));
  auto exchange = held_.take();
  ASSERT_TRUE(exchange);
  pool_.stop_listening();
  server_->close_all();
  server_.reset();

  (*exchange)->shard().post([held = *exchange] { held->respond(text("to nobody")); });
  pool_.run_on_all([](net::Shard&) {});
}

TEST_F(LiveExchangeTest, ThrowingHandlersAnswer500AndAreLogged) {
  auto client = connect();
  client.tcp().send(get("/throw") + get("/throw-oddly") + get("/hello"));

  const auto failed = client.receive();
  EXPECT_EQ(failed.status, 500);
  EXPECT_THAT(failed.body, Not(HasSubstr("out of ideas")));
  EXPECT_EQ(client.receive().status, 500);
  EXPECT_EQ(client.receive().body, "hello");
  EXPECT_EQ(refused_.take(), "500 the handler of GET /throw failed: out of ideas");
  EXPECT_EQ(refused_.take(), "500 the handler of GET /throw-oddly failed: an exception of unknown type");
  EXPECT_EQ(server_->counters().failed_requests.load(), 2U);
}

TEST_F(LiveExchangeTest, AClientThatGoesAwayAbortsItsRequest) {
  Mailbox<bool> aborted;
  router_.add(Method::get, "/watch", [&](const ExchangePtr& exchange) {
    exchange->on_abort([&aborted, held = exchange]() mutable {
      held.reset();
      aborted.put(true);
    });
    held_.put(nullptr);
  });
  auto client = connect();
  client.tcp().send(get("/watch"));
  ASSERT_TRUE(held_.take());

  client.tcp().close();

  EXPECT_TRUE(aborted.take());
  EXPECT_TRUE(test::eventually([this] { return server_->counters().open_connections.load() == 0; }));
}

TEST_F(LiveExchangeTest, AThrowingAbortHandlerLeavesNothingBehind) {
  router_.add(Method::get, "/watch", [this](const ExchangePtr& exchange) {
    exchange->on_abort([] { throw std::runtime_error("oh"); });
    held_.put(exchange);
  });
  auto client = connect();
  client.tcp().send(get("/watch"));
  const auto exchange = held_.take();
  ASSERT_TRUE(exchange);

  client.tcp().close();

  EXPECT_TRUE(test::eventually([this] { return server_->counters().open_connections.load() == 0; }));
}

TEST_F(LiveExchangeTest, AnUpgradeHandsOverWhatCameBehindTheRequest) {
  Mailbox<std::string> leftovers;
  router_.add(Method::get, "/raw", [&](const ExchangePtr& exchange) {
    auto upgraded = exchange->upgrade("HTTP/1.1 101 Switching Protocols\r\n\r\n");
    leftovers.put(upgraded.leftover);
    upgraded.stream->send("raw bytes");
    upgraded.stream->close_gracefully();
  });
  auto client = connect();
  client.tcp().send(get("/hello") + get("/raw") + "and more");

  EXPECT_EQ(client.receive().body, "hello");
  EXPECT_EQ(client.receive().status, 101);
  EXPECT_EQ(client.tcp().receive_to_end(), "raw bytes");
  EXPECT_EQ(leftovers.take(), "and more");
}

// The end of the client's bytes has been reported already, and would never be reported to the new owner.
TEST_F(LiveExchangeTest, AClientThatHasNothingMoreToSayIsNotUpgraded) {
  auto client = connect();
  client.tcp().send(get("/later"));
  auto exchange = held_.take();
  ASSERT_TRUE(exchange);
  client.tcp().finish_sending();
  Mailbox<bool> upgraded;
  net::Shard& shard = (*exchange)->shard();
  ASSERT_TRUE(heard_of_the_end());
  shard.post([&upgraded, held = *std::exchange(exchange, std::nullopt)] {
    upgraded.put(held->upgrade("HTTP/1.1 101 Switching Protocols\r\n\r\n").stream != nullptr);
  });

  EXPECT_EQ(upgraded.take(), false);
  EXPECT_EQ(client.tcp().receive_to_end(), "");
}

TEST_F(LiveExchangeTest, AConnectionMovesBetweenShardsWithAllThatIsBehind) {
  auto client = connect();
  std::string requests;
  for (int i = 0; i < 50; ++i) requests += get("/move?n=" + std::to_string(i)) + get("/hello");
  client.tcp().send(requests);

  for (int i = 0; i < 50; ++i) {
    ASSERT_EQ(client.receive().body, "moved " + std::to_string(i));
    ASSERT_EQ(client.receive().body, "hello");
  }
  // The shards that it left let go of it at the ends of their turns.
  EXPECT_TRUE(test::eventually([this] { return server_->counters().open_connections.load() == 1; }));
  EXPECT_TRUE(test::eventually([this] { return open_streams() == 1; }));
}

TEST_F(LiveExchangeTest, AClientIsMovedOnceItHasTakenWhatItIsOwed) {
  auto client = connect(4096);
  client.tcp().send(get("/big") + get("/move?n=1"));

  EXPECT_EQ(client.receive().body.size(), 16U * 1024 * 1024);
  EXPECT_EQ(client.receive().body, "moved 1");
  EXPECT_EQ(client.get("/hello").body, "hello");
}

}  // namespace
}  // namespace togglecast::web::testing
