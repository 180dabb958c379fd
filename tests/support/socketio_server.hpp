// A Socket.IO server with real shards on loopback, and clients for it. Register handlers on `io()`, then
// `start()`.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/shard_pool.hpp"
#include "observe/log.hpp"
#include "socketio/recovery.hpp"
#include "socketio/server.hpp"
#include "support/eventually.hpp"
#include "support/http_client.hpp"
#include "support/leaping_clock.hpp"
#include "support/socketio_client.hpp"
#include "web/http_server.hpp"

namespace togglecast::test {

class SocketIoServer {
 public:
  explicit SocketIoServer(socketio::Options options = {}, std::size_t shards = 2)
      : pool_(shards, &log_, clock_) {
    options.log = &log_;
    io_ = std::make_unique<socketio::Server>(pool_, std::move(options));
  }
  ~SocketIoServer() { stop(); }
  SocketIoServer(const SocketIoServer&) = delete;
  SocketIoServer& operator=(const SocketIoServer&) = delete;

  [[nodiscard]] socketio::Server& io() noexcept { return *io_; }
  [[nodiscard]] socketio::Namespace& main() { return io_->of("/"); }
  [[nodiscard]] net::ShardPool& pool() noexcept { return pool_; }
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] web::HttpServer& http() noexcept { return *http_; }
  /// To be changed before `start`.
  [[nodiscard]] web::HttpOptions& http_options() noexcept { return http_options_; }

  void start() {
    main().on("sync", [](socketio::Event& event) { event.ack(); });
    web::Router router;
    io_->mount(router);
    http_ = std::make_unique<web::HttpServer>(pool_, std::move(router), http_options_);
    const auto port = pool_.listen({.addresses = {"127.0.0.1"}}, http_->accept_handler());
    ASSERT_TRUE(port) << port.error().message;
    port_ = *port;
    pool_.start();
  }
  /// As a program does at its end.
  void stop() {
    if (http_ == nullptr) return;
    pool_.stop_listening();
    io_->close();
    http_->close_all();
    pool_.stop();
    http_.reset();
    io_.reset();
  }

  /// A connection that was accepted by this shard.
  HttpClient connect_to(std::size_t shard) {
    for (int i = 0; i < 1'000; ++i) {
      const auto before = accepted(shard);
      const auto all = accepted();
      HttpClient client(port_);
      EXPECT_TRUE(eventually([&] { return accepted() > all; }));
      if (accepted(shard) > before) return client;
    }
    ADD_FAILURE() << "the kernel never chose shard " << shard;
    return HttpClient(port_);
  }
  SocketIoClient client() { return SocketIoClient(HttpClient(port_)); }
  SocketIoClient client_on(std::size_t shard) { return SocketIoClient(connect_to(shard)); }
  /// One that has joined the namespace.
  SocketIoClient joined(std::string_view nsp = {}) {
    SocketIoClient made = client();
    made.join(nsp);
    return made;
  }
  SocketIoClient joined_on(std::size_t shard, std::string_view nsp = {}) {
    SocketIoClient made = client_on(shard);
    made.join(nsp);
    return made;
  }
  PollingClient polling() { return {HttpClient(port_), HttpClient(port_)}; }

  /// Begins a poll and waits until the server holds it.
  void hold_poll(PollingClient& client) {
    client.begin_poll();
    EXPECT_TRUE(eventually([&] {
      std::atomic<bool> held{false};
      io_->engine().for_each_session([&](engineio::Session& session, engineio::SessionHandler&) {
        if (session.id() == client.sid() && session.writable()) held = true;
      });
      return held.load();
    }));
  }

  /// Lets so much time pass for the server.
  void pass(Milliseconds time) { clock_.leap(time, pool_); }
  /// Waits until all shards have run what was posted before, also what that posted in turn.
  void settle() {
    for (int i = 0; i < 3; ++i) pool_.run_on_all([](net::Shard&) {});
  }
  [[nodiscard]] std::uint64_t accepted() const { return sum(&net::ShardCounters::accepted); }
  [[nodiscard]] std::uint64_t open_streams() const { return sum(&net::ShardCounters::open_streams); }
  [[nodiscard]] std::uint64_t failed_tasks() const { return sum(&net::ShardCounters::failed_tasks); }
  [[nodiscard]] std::uint64_t open_sessions() const {
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < pool_.size(); ++i)
      total += io_->engine().counters(i).sessions_open.value.load();
    return total;
  }
  [[nodiscard]] std::uint64_t open_connections() const { return http_->counters().open_connections.load(); }

  /// Log lines so far, as JSON objects.
  [[nodiscard]] std::vector<std::string> log_lines() const { return lines_.all(); }
  void forget_log_lines() { lines_.clear(); }
  /// The next log line that contains `text`.
  std::string logged(std::string_view text) {
    while (auto line = lines_.take()) {
      if (line->find(text) != std::string::npos) return *std::move(line);
    }
    return {};
  }

 private:
  [[nodiscard]] std::uint64_t accepted(std::size_t shard) const {
    return pool_.at(shard).counters().accepted.load();
  }
  [[nodiscard]] std::uint64_t sum(std::atomic<std::uint64_t> net::ShardCounters::*counter) const {
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < pool_.size(); ++i) total += (pool_.at(i).counters().*counter).load();
    return total;
  }

  Mailbox<std::string> lines_;
  LeapingClock clock_;
  observe::Log log_{{.level = observe::Level::info, .format = observe::LogFormat::json},
                    [this](std::string_view line) { lines_.put(std::string(line)); },
                    clock_};
  net::ShardPool pool_;
  std::unique_ptr<socketio::Server> io_;
  web::HttpOptions http_options_;
  std::unique_ptr<web::HttpServer> http_;
  std::uint16_t port_ = 0;
};

}  // namespace togglecast::test
