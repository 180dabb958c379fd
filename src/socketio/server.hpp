// A Socket.IO server (protocol 5 over Engine.IO 4) with an API like that of the stock server:
//
//   socketio::Server io(shards, options);
//   io.of("/chat").use(auth).on_connection([](Socket& socket) {
//     socket.on("message", [](Event& event) { event.ack("heard"); });
//   });
//   io.mount(router);
//
// Thread rule: construct it and register namespaces before the shards start. Afterwards any thread may emit,
// and call `of` for a known namespace. Ownership: the shard pool must outlive it. Call `close` before its
// end.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <regex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engineio/server.hpp"
#include "net/shard_pool.hpp"
#include "socketio/handlers.hpp"
#include "socketio/namespace.hpp"
#include "socketio/options.hpp"
#include "socketio/socket.hpp"
#include "web/router.hpp"

namespace togglecast::socketio {

/// The limits of `Options`, except those of Engine.IO.
enum class Limit : std::uint8_t {
  connect_timeout,
  namespaces_per_connection,
  attachments_per_packet,
  json_depth,
  pending_acks,
  packet_rate,
};
inline constexpr std::size_t kLimits = 6;
[[nodiscard]] std::string_view to_string(Limit limit) noexcept;

class Server {
 public:
  Server(net::ShardPool& shards, Options options);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();

  /// The namespace with this name, such as `/chat`. It is made at the first call. A missing `/` is added.
  Namespace& of(std::string_view name);
  /// Namespaces that are made when a client asks for a matching name, each with the handlers registered here.
  /// Named namespaces come first, then patterns in order of registration. A namespace of a pattern ends with
  /// its last socket.
  HandlerRegistry& of_pattern(const std::string& regex);
  HandlerRegistry& of_matching(std::function<bool(std::string_view name)> matches);

  // The same calls for the namespace `/` as on `of("/")`.
  Server& use(Middleware middleware);
  Server& on_connection(ConnectionHandler handler);
  template <typename... T>
  void emit(std::string_view event, T&&... values) {
    of("/").emit(event, std::forward<T>(values)...);
  }
  [[nodiscard]] Broadcast to(std::string room) { return of("/").to(std::move(room)); }

  /// Serves `path` and all paths below it.
  void mount(web::Router& router, std::string path = "/socket.io/");

  /// Refuses new sessions with 503. Existing sessions stay.
  void drain() noexcept { engine_.drain(); }
  /// Drains, disconnects every socket with the reason `server shutting down`, and closes its connection: each
  /// at a random moment of `window`. Clients come back by themselves. Does not wait; call `close` at the end.
  void send_away(Milliseconds window, wire::websocket::CloseCode code) { engine_.send_away(window, code); }
  /// Disconnects every socket with the reason `server shutting down`, closes all connections and waits until
  /// they are closed. Not from a shard's thread.
  void close(wire::websocket::CloseCode code = wire::websocket::CloseCode::none);

  [[nodiscard]] const Options& options() const noexcept { return options_; }
  /// How often clients exceeded `limit`. Any thread may read it.
  [[nodiscard]] const std::atomic<std::uint64_t>& passed(Limit limit) const noexcept {
    return limits_passed_[static_cast<std::size_t>(limit)];
  }
  /// The number of namespaces made for patterns that exist now.
  [[nodiscard]] std::size_t dynamic_count() const;
  [[nodiscard]] engineio::Server& engine() noexcept { return engine_; }

 private:
  friend class Connection;
  struct Pattern {
    std::function<bool(std::string_view)> matches;
    HandlerRegistry registry;
  };

  static constexpr std::size_t kMaxDynamicName = 1024;  // bytes; longer names are not even matched

  /// The namespaces made for patterns. They share it, because a socket that is still held may outlive the
  /// server.
  struct Dynamic {
    std::mutex mutex;
    std::map<std::string, std::weak_ptr<Namespace>, std::less<>> entries;
    void forget(const std::string& name);
    [[nodiscard]] std::vector<std::shared_ptr<Namespace>> all();
  };

  [[nodiscard]] std::shared_ptr<Namespace> find(const std::string& name);
  [[nodiscard]] bool matches(const Pattern& pattern, const std::string& name) const;
  void count(Limit passed);

  net::ShardPool& pool_;
  Options options_;
  std::map<std::string, std::shared_ptr<Namespace>, std::less<>> named_;
  std::vector<std::unique_ptr<Pattern>> patterns_;
  std::shared_ptr<Dynamic> dynamic_ = std::make_shared<Dynamic>();
  std::array<std::atomic<std::uint64_t>, kLimits> limits_passed_{};
  engineio::Server engine_;
};

}  // namespace togglecast::socketio
