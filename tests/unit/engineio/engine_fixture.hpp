// An Engine.IO server without sockets and threads: requests are objects, time is moved by hand, and the shard
// runs in the test's own thread.
#pragma once

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engineio/frame.hpp"
#include "engineio/server.hpp"
#include "net/shard_pool.hpp"
#include "net/stream.hpp"
#include "support/client_frames.hpp"
#include "wire/websocket/frame.hpp"

namespace togglecast::engineio::testing {

/// A request, and what became of it.
class FakeExchange final : public web::Exchange {
 public:
  [[nodiscard]] net::StreamPtr stream() const noexcept override { return nullptr; }
  FakeExchange(net::Shard& shard, wire::http::Request request)
      : shard_(shard), request_(std::move(request)) {}
  ~FakeExchange() override { close_client(); }

  // The client's side.
  [[nodiscard]] bool answered() const { return response_.has_value(); }
  [[nodiscard]] unsigned status() const { return response_ ? response_->status : 0; }
  [[nodiscard]] std::string body() const { return response_ ? response_->body : "(no answer)"; }
  [[nodiscard]] std::string header(std::string_view name) const {
    return std::string(response_ ? response_->headers.value(name) : std::string_view{});
  }
  /// The client's connection ends before the answer.
  void drop() {
    if (const auto aborted = std::exchange(aborted_, nullptr)) aborted();
  }
  /// Of a request that became a WebSocket.
  [[nodiscard]] bool upgraded() const { return client_ >= 0; }
  void send(std::string_view frames) const {
    ASSERT_EQ(::send(client_, frames.data(), frames.size(), MSG_NOSIGNAL | MSG_DONTWAIT),
              static_cast<ssize_t>(frames.size()));
  }
  /// All bytes that the server has sent and that were not received before.
  [[nodiscard]] std::string receive() {
    char chunk[4096];
    std::string all;
    ssize_t count = 0;
    while ((count = ::recv(client_, chunk, sizeof chunk, MSG_DONTWAIT)) > 0)
      all.append(chunk, static_cast<std::size_t>(count));
    if (count == 0) ended_ = true;
    return all;
  }
  /// The server has ended its side.
  [[nodiscard]] bool ended() {
    (void)receive();
    return ended_;
  }
  void close_client() {
    if (client_ >= 0) ::close(std::exchange(client_, -1));
  }

  // The server's side.
  [[nodiscard]] const wire::http::Request& request() const noexcept override { return request_; }
  [[nodiscard]] const web::Peer& peer() const noexcept override { return peer_; }
  [[nodiscard]] std::string_view parameter(std::string_view) const noexcept override { return {}; }
  [[nodiscard]] net::Shard& shard() const noexcept override { return shard_; }
  [[nodiscard]] std::string_view id() const noexcept override { return "request"; }
  void respond(wire::http::Response response) override {
    EXPECT_FALSE(response_) << "a second answer";
    if (!response_) response_ = std::move(response);
    aborted_ = nullptr;
  }
  void on_abort(std::function<void()> aborted) override { aborted_ = std::move(aborted); }
  Upgraded upgrade(std::string_view) override {
    std::array<int, 2> pair{-1, -1};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair.data()), 0);
    client_ = pair[1];
    return {net::Stream::adopt(shard_, net::DetachedStream(pair[0])), {}};
  }
  void respond_raw(std::string_view) override { FAIL() << "Engine.IO has no use for it"; }
  void move_to(net::Shard&, std::function<void(std::shared_ptr<Exchange>)>) override {
    FAIL() << "there is one shard";
  }

 private:
  net::Shard& shard_;
  wire::http::Request request_;
  web::Peer peer_{.address = "192.0.2.1"};
  std::optional<wire::http::Response> response_;
  std::function<void()> aborted_;
  int client_ = -1;
  bool ended_ = false;
};
using FakeExchangePtr = std::shared_ptr<FakeExchange>;

/// What a server sends on a WebSocket for these text packets.
inline std::string frames(std::initializer_list<std::string_view> packets) {
  std::string all;
  for (const auto packet : packets) all += text_packet(packet).view();
  return all;
}
/// A close frame without a code.
inline std::string close_frame() {
  return std::string(wire::websocket::encode(wire::websocket::Opcode::close, {}).view());
}

class EngineTest : public ::testing::Test {
 protected:
  static constexpr Milliseconds kInterval{2'000};  // short enough that first pings come at their full time
  static constexpr Milliseconds kTimeout{1'000};

  static Options options() {
    Options made;
    made.ping_interval = kInterval;
    made.ping_timeout = kTimeout;
    return made;
  }
  void serve(Options options = EngineTest::options()) {
    server_ = std::make_unique<Server>(pool_, std::move(options), [this](Session& session, HandshakePtr) {
      session_ = &session;
      return std::make_unique<Handler>(*this);
    });
    server_->mount(router_, "/engine.io/");
  }

  // Requests. Each returns when the server has done all that it can do at once.
  FakeExchangePtr send(wire::http::Method method, std::string_view query, std::string body = {},
                       bool upgrade = false) {
    return deliver(announce(method, query, upgrade), std::move(body));
  }
  /// The headers of a request have arrived; a POST's body has not.
  FakeExchangePtr announce(wire::http::Method method, std::string_view query, bool upgrade = false) {
    wire::http::Request request;
    request.method = method;
    request.path = "/engine.io/";
    request.target = request.path + "?EIO=4&" + std::string(query);
    request.query = wire::http::Query(request.target.substr(request.path.size() + 1));
    if (upgrade) {
      request.upgrade = true;
      request.headers.add("Upgrade", "websocket");
      request.headers.add("Connection", "Upgrade");
      request.headers.add("Sec-WebSocket-Version", "13");
      request.headers.add("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
    }
    auto exchange = std::make_shared<FakeExchange>(shard(), std::move(request));
    if (method == wire::http::Method::post)
      on_shard([&] { aborted_ = route(*exchange).options->on_headers(exchange->request(), shard()); });
    return exchange;
  }
  FakeExchangePtr deliver(FakeExchangePtr exchange, std::string body = {}) {
    const_cast<wire::http::Request&>(exchange->request()).body = std::move(body);
    on_shard([&] { (*route(*exchange).handler)(exchange); });
    return exchange;
  }
  /// A new session over polling; its sid is `sid_`.
  FakeExchangePtr open() {
    auto opened = send(wire::http::Method::get, "transport=polling");
    if (session_ != nullptr) sid_ = session_->id();
    return opened;
  }
  FakeExchangePtr poll() { return send(wire::http::Method::get, polling()); }
  FakeExchangePtr post(std::string body) {
    return send(wire::http::Method::post, polling(), std::move(body));
  }
  /// A WebSocket: of a new session, or to upgrade the one that polls.
  FakeExchangePtr websocket() {
    auto opened =
        send(wire::http::Method::get, "transport=websocket" + (sid_.empty() ? "" : "&sid=" + sid_), {}, true);
    return opened;
  }
  void send_text(FakeExchange& socket, std::string_view packet) {
    socket.send(test::client_text(packet));
    run();
  }
  [[nodiscard]] std::string polling() const { return "transport=polling&sid=" + sid_; }

  // The application's side.
  void emit(std::string_view data) {
    on_shard([&] { session_->send(text_message(data)); });
  }
  /// The same from within a handler.
  void emit_now(std::string_view data) { session_->send(text_message(data)); }
  void on_shard(std::function<void()> task) {
    shard().post(std::move(task));
    run();
  }
  void run() { shard().run_ready(); }
  void pass(Milliseconds time) {
    clock_.advance(time);
    run();
  }
  [[nodiscard]] net::Shard& shard() { return pool_.at(0); }
  [[nodiscard]] const Counters& counters() const { return server_->counters(std::size_t{0}); }
  [[nodiscard]] bool alive() const { return counters().sessions_open.value.load() != 0; }

  struct Handler final : SessionHandler {
    explicit Handler(EngineTest& test) : owner(test) {}
    void on_text(std::string_view message) override {
      owner.heard_.emplace_back(message);
      if (owner.react_) owner.react_(message);
    }
    void on_binary(std::string_view message) override {
      owner.heard_.push_back("binary:" + std::string(message));
    }
    void on_close(CloseReason reason) override { owner.closed_.emplace_back(to_string(reason)); }
    void on_upgraded() override { ++owner.upgrades_; }
    bool owes_answer() const noexcept override { return owner.owes_; }
    EngineTest& owner;
  };

  ManualClock clock_;
  net::ShardPool pool_{1, nullptr, clock_};
  std::function<void(std::string_view)> react_;
  std::vector<std::string> heard_;   // messages, in order
  std::vector<std::string> closed_;  // reasons: one if all is well
  int upgrades_ = 0;
  bool owes_ = false;
  Session* session_ = nullptr;  // of the last handshake; gone once it has ended and the turn is over
  std::string sid_;
  web::BodyAborted aborted_;  // of the last POST that was announced
  web::Router router_;
  std::unique_ptr<Server> server_;

 private:
  web::RouteMatch route(const FakeExchange& exchange) const {
    return router_.match(exchange.request().method, exchange.request().path);
  }
};

}  // namespace togglecast::engineio::testing
