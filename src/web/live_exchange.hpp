// An exchange on a connection. Internal to `web`.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "web/exchange.hpp"
#include "web/http_connection.hpp"
#include "web/router.hpp"

namespace togglecast::web {

class LiveExchange final : public Exchange {
 public:
  /// Any thread may drop the last reference. The exchange is destroyed on its shard.
  [[nodiscard]] static std::shared_ptr<LiveExchange> make(HttpConnection& connection,
                                                          wire::http::Request request, Peer peer,
                                                          RouteMatch match);
  ~LiveExchange() override;

  [[nodiscard]] const wire::http::Request& request() const noexcept override { return request_; }
  [[nodiscard]] const Peer& peer() const noexcept override { return peer_; }
  [[nodiscard]] std::string_view parameter(std::string_view name) const noexcept override;
  [[nodiscard]] net::Shard& shard() const noexcept override { return shard_; }
  [[nodiscard]] net::StreamPtr stream() const noexcept override {
    return connection_ == nullptr ? nullptr : connection_->stream_;
  }
  [[nodiscard]] std::string_view id() const noexcept override { return id_; }
  void respond(wire::http::Response response) override;
  void on_abort(std::function<void()> aborted) override { aborted_ = std::move(aborted); }
  [[nodiscard]] Upgraded upgrade(std::string_view head) override;
  void respond_raw(std::string_view raw) override;
  void move_to(net::Shard& shard, std::function<void(std::shared_ptr<Exchange>)> handler) override;

  /// The client went away. Returns true if a handler was registered with `on_abort`.
  bool abort();

 private:
  friend class HttpConnection;
  LiveExchange(HttpConnection& connection, wire::http::Request request, Peer peer, RouteMatch match);
  /// Separates the exchange from its connection. nullptr if that has happened before.
  HttpConnection* detach() noexcept;

  net::Shard& shard_;
  HttpConnection* connection_;
  wire::http::Request request_;
  Peer peer_;
  RouteMatch match_;
  std::string id_;
  std::function<void()> aborted_;
};

}  // namespace togglecast::web
