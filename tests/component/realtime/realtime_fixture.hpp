// The product with its real-time entrance on two shards and a real store, reached over loopback.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "realtime/realtime.hpp"
#include "support/socketio_client.hpp"
#include "unit/service/product_fixture.hpp"
#include "web/http_server.hpp"

namespace togglecast::realtime::testing {

class RealtimeTest : public service::testing::ProductTest {
 protected:
  void SetUp() override {
    open();
    shards_ = std::make_unique<net::ShardPool>(2);
    socketio::Options options;
    options.log = &log_;
    options.engine.stream.backlog_bytes = 64 * 1024 * 1024;
    options.retain_handshake = false;
    io_ = std::make_unique<socketio::Server>(*shards_, options);
    realtime_ =
        std::make_unique<Realtime>(*shards_, *io_, *product_, realtime_options_, clock_, log_, metrics_);
    web::Router router;
    io_->mount(router);
    http_ = std::make_unique<web::HttpServer>(*shards_, std::move(router));
    const auto port = shards_->listen({.addresses = {"127.0.0.1"}}, http_->accept_handler());
    ASSERT_TRUE(port.has_value()) << port.error().message;
    port_ = *port;
    realtime_->start();
    shards_->start();
  }

  void TearDown() override {
    shards_->stop_listening();
    io_->close();
    product_->stop();
    realtime_->stop();
    http_->close_all();
    shards_->stop();
  }

  /// A client `key` of the environment and a token for it.
  std::string client_token(const std::string& key, const service::Principal& who = admin(),
                           std::string_view token_body = "{}") {
    const auto client = create_client(R"({"key":")" + key + R"(","name":"Client"})", who);
    EXPECT_TRUE(client.has_value());
    last_client_ = client->id;
    const auto issued = issue_token(client->id, token_body, {}, who);
    EXPECT_TRUE(issued.has_value());
    return std::string(issued->token.reveal());
  }
  std::string admin_token() {
    auto answer = login("owner", kPassword);
    EXPECT_TRUE(answer.has_value());
    return std::string(answer->token.reveal());
  }

  /// Connects to `nsp` with this auth object and reads the CONNECT answer.
  test::SocketIoClient connect(std::string_view nsp, const std::string& auth) {
    test::SocketIoClient client(port_);
    client.send("0" + std::string(nsp) + "," + auth);
    EXPECT_EQ(client.packet().substr(0, nsp.size() + 2), "0" + std::string(nsp) + ",");
    return client;
  }
  static std::string with_token(const std::string& token) { return R"({"token":")" + token + R"("})"; }

  Options realtime_options_;
  std::unique_ptr<net::ShardPool> shards_;
  std::unique_ptr<socketio::Server> io_;
  std::unique_ptr<Realtime> realtime_;
  std::unique_ptr<web::HttpServer> http_;
  std::uint16_t port_ = 0;
  domain::Id last_client_ = 0;
};

}  // namespace togglecast::realtime::testing
