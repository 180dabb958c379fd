// The product with its real-time namespaces on two shards and a real store, reached over loopback.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "realtime/realtime.hpp"
#include "support/leaping_clock.hpp"
#include "support/socketio_client.hpp"
#include "unit/service/application_fixture.hpp"
#include "web/http_server.hpp"

namespace togglecast::realtime::testing {

/// A WebSocket client of one namespace: packets without the Engine.IO digit, events as JSON.
class EventClient {
 public:
  explicit EventClient(std::uint16_t port, std::string_view headers = {}, int receive_buffer = 0)
      : socket_(test::HttpClient(port, receive_buffer), "/socket.io/?EIO=4&transport=websocket", headers) {}

  void send(std::string_view packet) { socket_.send("4" + std::string(packet)); }
  /// Bytes as they are, such as many frames at once.
  void write(std::string_view bytes) { socket_.tcp().send(bytes); }
  /// The next packet; empty when the connection ends or none comes in time.
  std::string packet() {
    if (!kept_.empty()) {
      std::string text = std::move(kept_.front());
      kept_.pop_front();
      return text;
    }
    return received();
  }
  /// The next packet as an event of `nsp`: its arguments with the name in front.
  json::array event(std::string_view nsp) {
    const std::string text = packet();
    const std::string prefix = "2" + std::string(nsp) + ",";
    EXPECT_EQ(text.substr(0, prefix.size()), prefix) << text;
    if (text.size() <= prefix.size()) return {};
    auto parsed = json::parse(std::string_view(text).substr(prefix.size()));
    EXPECT_TRUE(parsed.has_value() && parsed->is_array()) << text;
    return parsed && parsed->is_array() ? parsed->get_array() : json::array{};
  }
  /// The next event of this name, past others; empty when none comes in time.
  json::array next(std::string_view nsp, std::string_view name) {
    const std::string start = "2" + std::string(nsp) + ",[\"" + std::string(name) + "\",";
    while (true) {
      const std::string text = packet();
      if (text.empty()) return {};
      if (text.substr(0, start.size()) != start) continue;
      const auto parsed = json::parse(std::string_view(text).substr(nsp.size() + 2));
      return parsed && parsed->is_array() ? parsed->get_array() : json::array{};
    }
  }
  /// The answer to a request with this acknowledgement id; events that come before it are kept.
  json::value answer(std::string_view nsp, int id) {
    const std::string prefix = "3" + std::string(nsp) + "," + std::to_string(id) + "[";
    while (true) {
      std::string text = received();
      if (text.empty()) return nullptr;
      if (text.substr(0, prefix.size()) != prefix) {
        kept_.push_back(std::move(text));
        continue;
      }
      const auto parsed = json::parse(std::string_view(text).substr(prefix.size() - 1));
      return parsed && parsed->as_array().size() == 1 ? parsed->as_array()[0] : json::value();
    }
  }
  /// Sends an event with an acknowledgement and waits for that.
  json::value ask(std::string_view nsp, std::string_view event, std::string_view argument = "{}") {
    const int id = ++asked_;
    send("2" + std::string(nsp) + "," + std::to_string(id) + "[\"" + std::string(event) + "\"," +
         std::string(argument) + "]");
    return answer(nsp, id);
  }
  /// Everything that came on this connection so far, as it came.
  [[nodiscard]] const std::string& transcript() const noexcept { return transcript_; }
  /// Sends an event that nothing answers but its reply event.
  void emit(std::string_view nsp, std::string_view event, std::string_view argument = "{}") {
    send("2" + std::string(nsp) + ",[\"" + std::string(event) + "\"," + std::string(argument) + "]");
  }

 private:
  std::string received() {
    const std::string message = socket_.receive().value_or("");
    transcript_ += message + "\n";
    return message.empty() ? message : message.substr(1);
  }

  test::SocketIoClient socket_;
  std::string transcript_;
  std::deque<std::string> kept_;
  int asked_ = 0;
};

/// `code` of a refusal; empty when it is none. Whoever is too fast is told when to come back, everywhere.
inline std::string code_of(const json::value& answer) {
  const auto* error = json::find(answer, "error");
  std::string code = error == nullptr ? "" : std::string(json::string_or_empty(*error, "code"));
  if (code == "rate_limited") {
    const auto* wait = json::find(*error, "retry_after_ms");
    EXPECT_TRUE(wait != nullptr && wait->is_int64() && wait->get_int64() > 0) << json::serialize(answer);
  }
  return code;
}
/// The first field that a refusal names.
inline std::string pointer_of(const json::value& answer) {
  const auto* error = json::find(answer, "error");
  const auto* details = error == nullptr ? nullptr : json::find(*error, "details");
  return details == nullptr ? "" : std::string(json::string_or_empty(details->as_array().at(0), "pointer"));
}

class RealtimeTest : public service::testing::ApplicationTest {
 protected:
  void SetUp() override {
    open();
    shards_ = std::make_unique<net::ShardPool>(2, observe::PeerLog{}, shard_clock_);
    socketio::Options options;
    options.log = &log_;
    options.engine.stream.backlog_bytes = 64 * 1024 * 1024;
    // Clients that do not read for long, on a slow disk: what ends them is what a test does.
    options.engine.stream.stall = std::chrono::minutes{10};
    options.engine.stream.unread_bytes = unread_bytes_;
    options.engine.untrusted_payload = untrusted_payload_;
    options.engine.ping_interval = ping_interval_;
    options.retain_handshake = false;
    options.close_when_left = true;
    options.connect_timeout = connect_timeout_;
    options.admit_packet = meter_packets(realtime_options_.events);
    io_ = std::make_unique<socketio::Server>(*shards_, options);
    realtime_ =
        std::make_unique<Realtime>(*shards_, *io_, *application_, realtime_options_, clock_, log_, metrics_);
    web::Router router;
    io_->mount(router);
    http_ = std::make_unique<web::HttpServer>(*shards_, std::move(router));
    const auto port = shards_->listen({.addresses = {"127.0.0.1"}}, http_->accept_handler());
    ASSERT_TRUE(port.has_value()) << port.error().message;
    port_ = *port;
    before_feed();
    realtime_->start();
    shards_->start();
  }

  void TearDown() override {
    shards_->stop_listening();
    io_->close();
    application_->stop();
    realtime_->stop();
    http_->close_all();
    shards_->stop();
  }

  /// A subscription to the feed made here hears of a change before the real-time namespaces do.
  virtual void before_feed() {}

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
  EventClient connect(std::string_view nsp, const std::string& auth) {
    EventClient client(port_);
    client.send("0" + std::string(nsp) + "," + auth);
    EXPECT_EQ(client.packet().substr(0, nsp.size() + 2), "0" + std::string(nsp) + ",");
    return client;
  }
  /// Of an admin with another role.
  std::string admin_token(const std::string& username, domain::Role role) {
    const auto made = service::testing::wait_for<changes::Written>([&](changes::Done done) {
      application_->admins().create(service::Principal::server("system"), username, role,
                                    Secret(std::string(kPassword)), {}, done);
    });
    EXPECT_TRUE(made.has_value());
    auto answer = login(username, kPassword);
    EXPECT_TRUE(answer.has_value());
    return std::string(answer->token.reveal());
  }
  /// Connected, and past its greeting.
  EventClient join_client(const std::string& key) {
    auto client = connect("/client", with_token(client_token(key)));
    EXPECT_EQ(client.next("/client", "client_connected").size(), 3U);
    return client;
  }
  EventClient join_admin(const std::string& token) {
    auto admin = connect("/admin", with_token(token));
    EXPECT_EQ(admin.next("/admin", "admin_connected").size(), 3U);
    return admin;
  }
  EventClient join_admin() { return join_admin(admin_token()); }

  static std::string with_token(const std::string& token) { return R"({"token":")" + token + R"("})"; }

  Options realtime_options_;
  Milliseconds ping_interval_{std::chrono::minutes{10}};
  Milliseconds connect_timeout_{45'000};
  std::size_t untrusted_payload_ = 0;
  std::size_t unread_bytes_ = net::StreamLimits{}.unread_bytes;
  test::LeapingClock shard_clock_;
  std::unique_ptr<net::ShardPool> shards_;
  std::unique_ptr<socketio::Server> io_;
  std::unique_ptr<Realtime> realtime_;
  std::unique_ptr<web::HttpServer> http_;
  std::uint16_t port_ = 0;
  domain::Id last_client_ = 0;
};

}  // namespace togglecast::realtime::testing
