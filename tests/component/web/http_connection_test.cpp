#include "web/http_connection.hpp"

#include <unistd.h>

#include <set>
#include <string>
#include <thread>

#include "http_fixture.hpp"

namespace togglecast::web::testing {
namespace {

using ::testing::HasSubstr;

TEST_F(HttpConnectionTest, KeepsTheConnectionForFurtherRequests) {
  auto client = connect();

  for (int i = 0; i < 5; ++i) EXPECT_EQ(client.get("/hello").body, "hello");

  EXPECT_EQ(pool_.at(0).counters().accepted.load() + pool_.at(1).counters().accepted.load(), 1U);
}

TEST_F(HttpConnectionTest, SaysForHowLongItKeepsTheConnection) {
  options_.keep_alive_timeout = Milliseconds{75'900};
  auto client = connect();

  const auto kept = client.get("/hello");
  const auto last = client.get("/hello", "Connection: close\r\n");

  EXPECT_EQ(kept.header("Connection"), "keep-alive");
  EXPECT_EQ(kept.header("Keep-Alive"), "timeout=75");
  EXPECT_EQ(last.header("Connection"), "close");
  EXPECT_EQ(last.header("Keep-Alive"), "");
}

TEST_F(HttpConnectionTest, ClientsThatAreRefusedTogetherAreToldDifferentTimes) {
  auto client = connect();
  for (const char* target : {"/busy/429", "/busy/503"}) {
    std::set<std::string> told;
    for (int i = 0; i < 300; ++i) told.insert(client.get(target).header("Retry-After"));

    EXPECT_EQ(told, (std::set<std::string>{"10", "11", "12", "13", "14", "15", "16", "17", "18", "19", "20"}))
        << target;
  }
  EXPECT_EQ(client.get("/busy/200").header("Retry-After"), "10") << "that is no refusal";
}

TEST_F(HttpConnectionTest, LargeAnswersArriveWholeAndTheNextOneBehindThem) {
  auto client = connect(4096);
  client.tcp().send(get("/count") + get("/hello") + HttpClient::request("HEAD", "/big"));

  const auto large = client.receive();
  const auto small = client.receive();
  const auto head = client.receive(false);

  EXPECT_EQ(large.header("Content-Length"), std::to_string(kCount.size()));
  EXPECT_TRUE(large.body == kCount);
  EXPECT_EQ(small.body, "hello");
  EXPECT_EQ(head.header("Content-Length"), std::to_string(16 * 1024 * 1024));
  EXPECT_EQ(client.get("/hello").body, "hello");
}

TEST_F(HttpConnectionTest, AHalfClosedClientGetsALargeAnswerAndTheEnd) {
  auto client = connect(4096);
  client.tcp().send(get("/count"));
  client.tcp().finish_sending();

  EXPECT_TRUE(client.receive().body == kCount);
  EXPECT_EQ(client.tcp().receive_to_end(), "");
}

TEST_F(HttpConnectionTest, AClientThatTakesNothingOfALargeAnswerIsLet) {
  options_.stall_timeout = Milliseconds{50};
  auto client = connect(4096);

  client.tcp().send(get("/big"));

  EXPECT_TRUE(test::eventually([this] { return server_->counters().requests.load() == 1; }));
  EXPECT_TRUE(test::eventually([this] { return server_->counters().open_connections.load() == 0; }));
  EXPECT_EQ(pool_.at(0).counters().stalled_streams.load() + pool_.at(1).counters().stalled_streams.load(),
            1U);
}

TEST_F(HttpConnectionTest, AnAnswerInPiecesCountsForTheBudgetUntilItHasLeft) {
  pool_.limit_queued_bytes(1UL << 30);
  auto client = connect(4096);
  client.tcp().send(get("/big"));

  EXPECT_TRUE(test::eventually([this] { return pool_.output_budget().bytes() >= 16UL << 20; }));
  EXPECT_EQ(client.receive().body.size(), 16UL << 20);

  EXPECT_TRUE(test::eventually([this] { return pool_.output_budget().bytes() == 0; }));
  EXPECT_EQ(pool_.output_budget().shed(), 0U);
}

TEST_F(HttpConnectionTest, AboveTheBudgetTheLargestAnswerIsCut) {
  pool_.limit_queued_bytes(20UL << 20);
  auto first = connect(4096);
  auto small = connect(4096);
  first.tcp().send(get("/big"));
  EXPECT_TRUE(test::eventually([this] { return pool_.output_budget().bytes() >= 16UL << 20; }));
  small.tcp().send(get("/count"));
  EXPECT_TRUE(test::eventually([this] { return pool_.output_budget().bytes() >= 18UL << 20; }));

  auto second = connect(4096);
  second.tcp().send(get("/big"));

  EXPECT_TRUE(test::eventually([this] { return pool_.output_budget().shed() == 1; }));
  EXPECT_TRUE(test::eventually([this] { return pool_.output_budget().bytes() < 20UL << 20; }));
  EXPECT_TRUE(small.receive().body == kCount);
  EXPECT_LT(first.receive().body.size() + second.receive().body.size(), 32UL << 20);
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

TEST_F(HttpConnectionTest, APathThatWasMeantForAnotherServiceIsAnsweredWithAHint) {
  options_.not_found_hint = [](const wire::http::Request& request) {
    return request.query.contains("EIO") ? std::string("it is served elsewhere") : std::string();
  };
  auto client = connect();

  EXPECT_NE(client.get("/ws?EIO=4").body.find("no such path: /ws; it is served elsewhere"),
            std::string::npos);
  EXPECT_EQ(client.get("/favicon.ico").body.find(';'), std::string::npos);

  EXPECT_EQ(refused_.take(), "404 no such path: /ws; it is served elsewhere");
  EXPECT_EQ(refused_.size(), 0U);
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

// Each answer is larger than what a client may leave unread, all together are more than a stream may queue.
TEST_F(HttpConnectionTest, AClientThatDoesNotReadGetsNoFurtherAnswersMade) {
  constexpr std::size_t kRequests = 64;
  auto client = connect(4096);
  std::string requests;
  for (std::size_t i = 0; i < kRequests; ++i) requests += get("/large/" + std::to_string(i));

  client.tcp().send(requests);
  ASSERT_TRUE(test::eventually([this] {
    return pool_.at(0).counters().blocked_writes.load() + pool_.at(1).counters().blocked_writes.load() > 0;
  }));
  pool_.run_on_all([](net::Shard&) {});

  EXPECT_LT(server_->counters().requests.load(), kRequests);
  for (std::size_t i = 0; i < kRequests; ++i) {
    const std::string body = client.receive().body;
    ASSERT_EQ(body.size(), kLarge);
    ASSERT_EQ(body.substr(0, body.find(' ')), std::to_string(i));
  }
  EXPECT_EQ(client.get("/hello").body, "hello");
}

TEST_F(HttpConnectionTest, RequestsThatWaitForTheirClientToReadOutliveItsHalfClose) {
  auto client = connect(4096);
  client.tcp().send(get("/big") + get("/echo/two") + get("/large/3"));
  client.tcp().finish_sending();

  EXPECT_EQ(client.receive().body.size(), 16U * 1024 * 1024);
  EXPECT_EQ(client.receive().body, "two");
  EXPECT_EQ(client.receive().body.size(), kLarge);
  EXPECT_EQ(client.tcp().receive_to_end(), "");
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

  EXPECT_EQ(late.tcp().receive_to_end(), "");
  EXPECT_TRUE(test::eventually([this] { return open_streams() == 0; }));
  EXPECT_EQ(server_->counters().open_connections.load(), 0U);
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
}  // namespace togglecast::web::testing
