#include "web/http_connection.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

#include "net/shard_pool.hpp"
#include "support/eventually.hpp"
#include "support/http_client.hpp"
#include "web/http_server.hpp"

namespace togglecast::web {
namespace {

using test::HttpClient;
using test::Mailbox;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using wire::http::Method;

wire::http::Response text(std::string body, unsigned status = 200) {
  wire::http::Response response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

class HttpConnectionTest : public ::testing::Test {
 protected:
  HttpConnectionTest() {
    router_.add(Method::get, "/hello", [](const ExchangePtr& exchange) { exchange->respond(text("hello")); });
    router_.add(Method::get, "/echo/{word}", [](const ExchangePtr& exchange) {
      exchange->respond(text(std::string(exchange->parameter("word"))));
    });
    router_.add(Method::post, "/body",
                [](const ExchangePtr& exchange) { exchange->respond(text(exchange->request().body)); });
    router_.add(Method::get, "/later", [this](ExchangePtr exchange) { held_.put(std::move(exchange)); });
    router_.add(Method::get, "/drop", [](const ExchangePtr&) {});
    router_.add(Method::get, "/throw", [](const ExchangePtr&) { throw std::runtime_error("out of ideas"); });
    router_.add(Method::get, "/throw-oddly", [](const ExchangePtr&) { throw 7; });
    router_.add(Method::get, "/big", [](const ExchangePtr& exchange) {
      exchange->respond(text(std::string(16 * 1024 * 1024, 'b')));
    });
    router_.add(Method::get, "/move", [this](const ExchangePtr& exchange) {
      net::Shard& other = pool_.at(1 - exchange->shard().index());
      exchange->move_to(other, [&other](const ExchangePtr& moved) {
        EXPECT_EQ(&moved->shard(), &other);
        EXPECT_TRUE(other.is_current());
        moved->respond(text("moved " + std::string(moved->request().query.value("n"))));
      });
    });
  }
  ~HttpConnectionTest() override {
    pool_.stop_listening();
    if (server_) server_->close_all();
    held_.all();
    pool_.stop();
  }

  HttpClient connect(int receive_buffer = 0) {
    if (!server_) {
      server_ =
          std::make_unique<HttpServer>(pool_, std::move(router_), options_,
                                       [this](unsigned status, std::string_view message, const Peer&) {
                                         refused_.put(std::to_string(status) + " " + std::string(message));
                                       });
      const auto port = pool_.listen({.addresses = {"127.0.0.1"}}, server_->accept_handler());
      EXPECT_TRUE(port);
      port_ = *port;
      pool_.start();
    }
    return HttpClient(port_, receive_buffer);
  }
  static std::string get(std::string_view target) { return HttpClient::request("GET", target); }
  static void answer(ExchangePtr exchange, std::string body) {
    net::Shard& shard = exchange->shard();
    shard.post([held = std::move(exchange), answer = std::move(body)] { held->respond(text(answer)); });
  }
  bool heard_of_the_end() const {
    return test::eventually([this] { return server_->counters().aborted_requests.load() == 1; });
  }
  std::uint64_t open_streams() const {
    return pool_.at(0).counters().open_streams.load() + pool_.at(1).counters().open_streams.load();
  }

  net::ShardPool pool_{2};
  HttpOptions options_;
  Router router_;
  std::unique_ptr<HttpServer> server_;
  std::uint16_t port_ = 0;
  Mailbox<ExchangePtr> held_;
  Mailbox<std::string> refused_;
};

TEST_F(HttpConnectionTest, KeepsTheConnectionForFurtherRequests) {
  auto client = connect();

  for (int i = 0; i < 5; ++i) EXPECT_EQ(client.get("/hello").body, "hello");

  EXPECT_EQ(pool_.at(0).counters().accepted.load() + pool_.at(1).counters().accepted.load(), 1U);
}

TEST_F(HttpConnectionTest, AnswersPipelinedRequestsInOrder) {
  auto client = connect();
  std::string requests;
  for (int i = 0; i < 200; ++i) requests += get("/echo/" + std::to_string(i));

  client.tcp().send(requests);

  for (int i = 0; i < 200; ++i) ASSERT_EQ(client.receive().body, std::to_string(i));
}

TEST_F(HttpConnectionTest, ALateAnswerHoldsThoseBehindIt) {
  auto client = connect();
  client.tcp().send(get("/hello") + get("/later") + get("/hello") + get("/later") + get("/echo/end"));

  EXPECT_EQ(client.receive().body, "hello");
  auto first = held_.take();
  ASSERT_TRUE(first);
  EXPECT_FALSE(client.tcp().readable());
  answer(*std::exchange(first, std::nullopt), "late");
  EXPECT_EQ(client.receive().body, "late");
  EXPECT_EQ(client.receive().body, "hello");
  auto second = held_.take();
  ASSERT_TRUE(second);
  answer(*std::exchange(second, std::nullopt), "later");
  EXPECT_EQ(client.receive().body, "later");
  EXPECT_EQ(client.receive().body, "end");
}

TEST_F(HttpConnectionTest, ReadsAheadWithinABoundAndLosesNothing) {
  options_.pipelined_bytes = 4 * 1024;
  auto client = connect();
  std::string requests = get("/later");
  for (int i = 0; i < 2'000; ++i) requests += get("/echo/" + std::to_string(i));
  std::thread sender([&] { client.tcp().send(requests); });
  auto exchange = held_.take();
  ASSERT_TRUE(exchange);
  answer(*std::exchange(exchange, std::nullopt), "go");
  sender.join();

  EXPECT_EQ(client.receive().body, "go");
  for (int i = 0; i < 2'000; ++i) ASSERT_EQ(client.receive().body, std::to_string(i));
}

TEST_F(HttpConnectionTest, RequestsInSinglePiecesAreUnderstood) {
  auto client = connect();
  const std::string request = HttpClient::request("POST", "/body", "slow") + get("/hello");

  for (const char c : request) client.tcp().send(std::string_view(&c, 1));

  EXPECT_EQ(client.receive().body, "slow");
  EXPECT_EQ(client.receive().body, "hello");
}

TEST_F(HttpConnectionTest, UnknownPathsAndMethodsAreNamed) {
  auto client = connect();

  const auto missing = client.get("/nowhere");
  EXPECT_EQ(missing.status, 404);
  EXPECT_THAT(missing.body, HasSubstr("/nowhere"));
  const auto wrong = client.post("/hello", "x");
  EXPECT_EQ(wrong.status, 405);
  EXPECT_EQ(wrong.header("Allow"), "GET");
  EXPECT_EQ(client.get("/hello").status, 200);
}

TEST_F(HttpConnectionTest, HeadHasTheHeadersOfGetAndNoBody) {
  auto client = connect();

  client.tcp().send(HttpClient::request("HEAD", "/hello"));
  const auto head = client.receive(false);

  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.header("Content-Length"), "5");
  EXPECT_EQ(client.get("/echo/next").body, "next");
}

TEST_F(HttpConnectionTest, EveryAnswerHasARequestIdOfItsOwn) {
  auto client = connect();

  const auto first = client.get("/hello").header("X-Request-Id");
  const auto second = client.get("/hello").header("X-Request-Id");

  EXPECT_NE(first, "");
  EXPECT_NE(first, second);
}

TEST_F(HttpConnectionTest, BodiesBeyondTheLimitAreRefusedOnTheirHeaders) {
  auto client = connect();

  client.tcp().send("POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 65537\r\n\r\n");

  EXPECT_EQ(client.receive().status, 413);
  EXPECT_TRUE(client.tcp().closed_by_server());
  EXPECT_THAT(*refused_.take(), StartsWith("413 "));
}

TEST_F(HttpConnectionTest, ChunkedBodiesBeyondTheLimitAreRefusedWhileTheyCome) {
  auto client = connect();

  client.tcp().send("POST /body HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (int i = 0; i < 70; ++i) client.tcp().send("400\r\n" + std::string(1024, 'x') + "\r\n");

  EXPECT_EQ(client.receive().status, 413);
}

TEST_F(HttpConnectionTest, APathOfStrangeBytesIsQuotedAsUtf8) {
  auto client = connect();

  client.tcp().send("GET /\xff\xed\xa0\x80 HTTP/1.1\r\nHost: x\r\n\r\n");

  const auto response = client.receive();
  EXPECT_EQ(response.status, 404);
  EXPECT_THAT(response.body, HasSubstr("no such path: /\xef\xbf\xbd"));
}

TEST_F(HttpConnectionTest, HugeHeadersAreRefused) {
  auto client = connect();

  client.tcp().send("GET /hello HTTP/1.1\r\nHost: x\r\nX-Long: " + std::string(20'000, 'h') + "\r\n\r\n");

  EXPECT_EQ(client.receive().status, 431);
  EXPECT_TRUE(client.tcp().closed_by_server());
}

TEST_F(HttpConnectionTest, ARequestThatDoesNotComeInTimeIsTimedOut) {
  options_.request_timeout = Milliseconds(50);
  auto client = connect();

  client.tcp().send("GET /hello HTTP/1.1\r\nHo");

  EXPECT_EQ(client.receive().status, 408);
  EXPECT_TRUE(client.tcp().closed_by_server());
}

TEST_F(HttpConnectionTest, ATrickleDoesNotStretchTheTimeOut) {
  options_.request_timeout = Milliseconds(100);
  auto client = connect();

  client.tcp().send("GET /hello HTTP/1.1\r\nX: ");
  while (!client.tcp().readable(Milliseconds(5)) && client.tcp().send("y")) {
  }

  EXPECT_EQ(client.receive().status, 408);
}

TEST_F(HttpConnectionTest, ABodyThatDoesNotComeInTimeIsTimedOut) {
  options_.request_timeout = Milliseconds(50);
  auto client = connect();

  client.tcp().send("POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf");

  EXPECT_EQ(client.receive().status, 408);
}

TEST_F(HttpConnectionTest, SilentConnectionsAreClosedSilently) {
  options_.request_timeout = Milliseconds(50);
  auto client = connect();

  EXPECT_EQ(client.tcp().receive_to_end(), "");
}

TEST_F(HttpConnectionTest, IdleConnectionsAreClosedAfterTheirTime) {
  options_.keep_alive_timeout = Milliseconds(50);
  auto client = connect();

  EXPECT_EQ(client.get("/hello").body, "hello");

  EXPECT_EQ(client.tcp().receive_to_end(), "");
}

TEST_F(HttpConnectionTest, TheWaitForALateAnswerIsNoIdleTime) {
  options_.keep_alive_timeout = options_.request_timeout = Milliseconds(20);
  auto client = connect();
  client.tcp().send(get("/later"));
  auto exchange = held_.take();
  ASSERT_TRUE(exchange);

  EXPECT_FALSE(client.tcp().readable(Milliseconds(100)));
  answer(*std::exchange(exchange, std::nullopt), "in the end");

  EXPECT_EQ(client.receive().body, "in the end");
}

TEST_F(HttpConnectionTest, InvitesTheBodyOfAClientThatWaits) {
  auto client = connect();

  client.tcp().send("POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.receive().status, 100);
  client.tcp().send("body");
  EXPECT_EQ(client.receive().body, "body");
}

TEST_F(HttpConnectionTest, InvitesNoBodyThatWouldBeRefused) {
  auto client = connect();

  client.tcp().send(
      "POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 400000\r\nExpect: 100-continue\r\n\r\n");

  EXPECT_EQ(client.receive().status, 413);
}

TEST_F(HttpConnectionTest, AHalfClosedClientGetsEveryAnswer) {
  auto client = connect();
  client.tcp().send(get("/later") + get("/echo/two") + get("/later") + get("/echo/four"));
  auto first = held_.take();
  ASSERT_TRUE(first);
  client.tcp().finish_sending();
  ASSERT_TRUE(heard_of_the_end());
  answer(*std::exchange(first, std::nullopt), "one");
  EXPECT_EQ(client.receive().body, "one");
  EXPECT_EQ(client.receive().body, "two");
  auto third = held_.take();
  ASSERT_TRUE(third);
  answer(*std::exchange(third, std::nullopt), "three");
  EXPECT_EQ(client.receive().body, "three");
  const auto last = client.receive();

  EXPECT_EQ(last.body, "four");
  EXPECT_EQ(last.header("Connection"), "close");
  EXPECT_EQ(client.tcp().receive_to_end(), "");
}

TEST_F(HttpConnectionTest, AHalfClosedClientWithHalfARequestIsLet) {
  auto client = connect();
  client.tcp().send(get("/later") + "GET /hel");
  auto exchange = held_.take();
  ASSERT_TRUE(exchange);
  client.tcp().finish_sending();
  answer(*std::exchange(exchange, std::nullopt), "one");

  EXPECT_EQ(client.receive().body, "one");
  EXPECT_EQ(client.tcp().receive_to_end(), "");
  EXPECT_TRUE(test::eventually([this] { return server_->counters().open_connections.load() == 0; }));
}

TEST_F(HttpConnectionTest, ADroppedExchangeAnswersFor) {
  auto client = connect();

  EXPECT_EQ(client.get("/drop").status, 500);
  EXPECT_EQ(client.get("/hello").body, "hello");
}

TEST_F(HttpConnectionTest, AnExchangeMayBeDroppedOnAnotherThread) {
  auto client = connect();
  client.tcp().send(get("/later") + get("/hello"));
  auto exchange = held_.take();
  ASSERT_TRUE(exchange);

  std::thread([held = *std::exchange(exchange, std::nullopt)] {}).join();

  EXPECT_EQ(client.receive().status, 500);
  EXPECT_EQ(client.receive().body, "hello");
}

TEST_F(HttpConnectionTest, AnExchangeMayOutliveItsConnection) {
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

TEST_F(HttpConnectionTest, AnExchangeMayOutliveItsServer) {
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

TEST_F(HttpConnectionTest, ThrowingHandlersAnswer500AndAreLogged) {
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

TEST_F(HttpConnectionTest, AClientThatGoesAwayAbortsItsRequest) {
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

TEST_F(HttpConnectionTest, AThrowingAbortHandlerLeavesNothingBehind) {
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

TEST_F(HttpConnectionTest, AnUpgradeHandsOverWhatCameBehindTheRequest) {
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
TEST_F(HttpConnectionTest, AClientThatHasNothingMoreToSayIsNotUpgraded) {
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

TEST_F(HttpConnectionTest, AConnectionMovesBetweenShardsWithAllThatIsBehind) {
  auto client = connect();
  std::string requests;
  for (int i = 0; i < 50; ++i) requests += get("/move?n=" + std::to_string(i)) + get("/hello");
  client.tcp().send(requests);

  for (int i = 0; i < 50; ++i) {
    ASSERT_EQ(client.receive().body, "moved " + std::to_string(i));
    ASSERT_EQ(client.receive().body, "hello");
  }
  EXPECT_EQ(server_->counters().open_connections.load(), 1U);
  EXPECT_EQ(open_streams(), 1U);
}

TEST_F(HttpConnectionTest, AClientThatDoesNotReadIsNotMovedButGetsWhatItIsOwed) {
  auto client = connect(4096);
  client.tcp().send(get("/big") + get("/move?n=1"));

  EXPECT_EQ(client.receive().body.size(), 16U * 1024 * 1024);
  EXPECT_EQ(client.tcp().receive_to_end(), "");
  EXPECT_TRUE(test::eventually([this] { return server_->counters().open_connections.load() == 0; }));
}

TEST_F(HttpConnectionTest, DrainingClosesIdleConnectionsAtOnceAndBusyOnesAfterTheirAnswer) {
  auto idle = connect();
  EXPECT_EQ(idle.get("/hello").body, "hello");
  auto busy = connect();
  busy.tcp().send(get("/later"));
  auto exchange = held_.take();
  ASSERT_TRUE(exchange);

  server_->drain();

  EXPECT_EQ(idle.tcp().receive_to_end(), "");
  answer(*std::exchange(exchange, std::nullopt), "last");
  const auto last = busy.receive();
  EXPECT_EQ(last.body, "last");
  EXPECT_EQ(last.header("Connection"), "close");
  EXPECT_EQ(busy.tcp().receive_to_end(), "");
}

TEST_F(HttpConnectionTest, NothingComesAfterTheEnd) {
  auto client = connect();
  EXPECT_EQ(client.get("/hello").body, "hello");
  server_->close_all();

  HttpClient late(port_);
  late.tcp().send(get("/hello"));

  EXPECT_EQ(late.receive().status, 0);
  EXPECT_TRUE(test::eventually([this] { return server_->counters().open_connections.load() == 0; }));
}

// A connection under way between two shards belongs to neither; it must not arrive after the end.
TEST_F(HttpConnectionTest, ConnectionsThatMoveWhileTheServerEndsDoNotArrive) {
  for (int round = 0; round < 20; ++round) {
    net::ShardPool pool(2);
    Router router;
    router.add(Method::get, "/move", [&pool](const ExchangePtr& exchange) {
      exchange->move_to(pool.at(1 - exchange->shard().index()),
                        [](const ExchangePtr& moved) { moved->respond(text("x")); });
    });
    auto server = std::make_unique<HttpServer>(pool, std::move(router));
    const auto port = pool.listen({.addresses = {"127.0.0.1"}}, server->accept_handler());
    pool.start();
    HttpClient client(*port);
    std::string requests;
    for (int i = 0; i < 100; ++i) requests += get("/move");
    client.tcp().send(requests);
    EXPECT_EQ(client.receive().body, "x");

    server->close_all();
    pool.run_on_all([](net::Shard&) {});

    EXPECT_TRUE(test::eventually([&] { return server->counters().open_connections.load() == 0; }));
    server.reset();
    pool.run_on_all([](net::Shard&) {});
  }
}

TEST_F(HttpConnectionTest, ConnectionsThatAreOpenWhenTheShardsStopAreFreed) {
  auto client = connect();
  auto busy = connect();
  EXPECT_EQ(client.get("/hello").body, "hello");
  busy.tcp().send(get("/later"));
  const auto exchange = held_.take();

  pool_.stop();
  server_.reset();

  EXPECT_TRUE(client.tcp().closed_by_server());
  EXPECT_TRUE(busy.tcp().closed_by_server());
}

}  // namespace
}  // namespace togglecast::web
