// An HTTP server on two shards, and a client that says to it what it likes.
#pragma once

#include <gmock/gmock.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "net/shard_pool.hpp"
#include "support/eventually.hpp"
#include "support/http_client.hpp"
#include "support/leaping_clock.hpp"
#include "web/http_server.hpp"

namespace togglecast::web::testing {

using test::HttpClient;
using test::Mailbox;
using wire::http::Method;

inline wire::http::Response text(std::string body, unsigned status = 200) {
  wire::http::Response response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

/// Larger than any piece, and different everywhere.
inline const std::string kCount = [] {
  std::string numbers;
  for (int i = 0; numbers.size() < 3'000'000; ++i) numbers += std::to_string(i) + '\n';
  return numbers;
}();
inline constexpr std::size_t kLarge = 256 * 1024;

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
    router_.add(Method::get, "/busy/{status}", [](const ExchangePtr& exchange) {
      auto response = text("", static_cast<unsigned>(std::stoul(std::string(exchange->parameter("status")))));
      response.headers.add("Retry-After", "10");
      exchange->respond(std::move(response));
    });
    router_.add(Method::get, "/count", [](const ExchangePtr& exchange) { exchange->respond(text(kCount)); });
    router_.add(Method::get, "/large/{number}", [](const ExchangePtr& exchange) {
      std::string body = std::string(exchange->parameter("number")) + ' ';
      body.resize(kLarge, 'l');
      exchange->respond(text(std::move(body)));
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
  /// Lets so much time pass for the server.
  void pass(Milliseconds time) { clock_.leap(time, pool_); }
  std::uint64_t bytes_in() const {
    return pool_.at(0).counters().bytes_in.load() + pool_.at(1).counters().bytes_in.load();
  }
  std::uint64_t open_streams() const {
    return pool_.at(0).counters().open_streams.load() + pool_.at(1).counters().open_streams.load();
  }

  test::LeapingClock clock_;
  net::ShardPool pool_{2, {}, clock_};
  HttpOptions options_;
  Router router_;
  std::unique_ptr<HttpServer> server_;
  std::uint16_t port_ = 0;
  Mailbox<ExchangePtr> held_;
  Mailbox<std::string> refused_;
};

}  // namespace togglecast::web::testing
