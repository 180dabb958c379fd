// A Socket.IO server (protocol 5 over Engine.IO 4), in the manner of the reference's API:
//
//   socketio::Server io(shards, options);
//   io.of("/chat").use(auth).on_connection([](Socket& socket) {
//     socket.on("message", [](Event& event) { event.ack("heard"); });
//   });
//   io.mount(router);
//
// Thread rule: constructed, and namespaces registered, before the shards start; `of` for a known namespace
// and everything that emits may be called from any thread afterwards. Lifetime: outlived by the shard pool;
// call `close` first.
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

/// What `Options` sets beside Engine.IO's limits, and how often clients passed it.
enum class Limit : std::uint8_t {
  connect_timeout,
  namespaces_per_connection,
  attachments_per_packet,
  json_depth,
  pending_acks,
};
inline constexpr std::size_t kLimits = 5;
[[nodiscard]] std::string_view to_string(Limit limit) noexcept;

class Server {
 public:
  Server(net::ShardPool& shards, Options options);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();

  /// The namespace of this name (`/chat`; a missing `/` is added), made at the first call.
  Namespace& of(std::string_view name);
  /// Namespaces made when a client asks for a name that matches; each begins with the handlers registered
  /// here. They are tried in order of registration, after the named ones, and go when their last socket
  /// leaves.
  HandlerRegistry& of_pattern(const std::string& regex);
  HandlerRegistry& of_matching(std::function<bool(std::string_view name)> matches);

  // For the namespace `/`: what `of("/")` would do.
  Server& use(Middleware middleware);
  Server& on_connection(ConnectionHandler handler);
  template <typename... T>
  void emit(std::string_view event, T&&... values) {
    of("/").emit(event, std::forward<T>(values)...);
  }
  [[nodiscard]] Broadcast to(std::string room) { return of("/").to(std::move(room)); }

  /// Serves `path` and everything behind it.
  void mount(web::Router& router, std::string path = "/socket.io/");

  /// Refuses new sessions with 503; those that are stay.
  void drain() noexcept { engine_.drain(); }
  /// Tells every socket `server shutting down`, closes every connection and waits for it. Not from a shard's
  /// thread.
  void close(wire::websocket::CloseCode code = wire::websocket::CloseCode::none);

  [[nodiscard]] const Options& options() const noexcept { return options_; }
  /// How often `limit` was passed; for any thread.
  [[nodiscard]] const std::atomic<std::uint64_t>& passed(Limit limit) const noexcept {
    return limits_passed_[static_cast<std::size_t>(limit)];
  }
  /// Namespaces made for patterns that exist now.
  [[nodiscard]] std::size_t dynamic_count() const;
  [[nodiscard]] engineio::Server& engine() noexcept { return engine_; }

 private:
  friend class Connection;
  struct Pattern {
    std::function<bool(std::string_view)> matches;
    HandlerRegistry registry;
  };

  static constexpr std::size_t kMaxDynamicName = 1024;  // bytes; longer names are not even matched

  /// Namespaces made for patterns. Shared with them, since a socket that someone still holds may outlive the
  /// server.
  struct Dynamic {
    std::mutex mutex;
    std::map<std::string, std::weak_ptr<Namespace>, std::less<>> entries;
    void forget(const std::string& name);
  };

  [[nodiscard]] std::shared_ptr<Namespace> find(const std::string& name);
  [[nodiscard]] bool matches(const Pattern& pattern, const std::string& name) const;
  void count(Limit passed) noexcept {
    limits_passed_[static_cast<std::size_t>(passed)].fetch_add(1, std::memory_order_relaxed);
  }

  net::ShardPool& pool_;
  Options options_;
  std::map<std::string, std::shared_ptr<Namespace>, std::less<>> named_;
  std::vector<std::unique_ptr<Pattern>> patterns_;
  std::shared_ptr<Dynamic> dynamic_ = std::make_shared<Dynamic>();
  std::array<std::atomic<std::uint64_t>, kLimits> limits_passed_{};
  engineio::Server engine_;
};

}  // namespace togglecast::socketio
