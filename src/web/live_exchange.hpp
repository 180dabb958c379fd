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
  /// The last reference may be dropped on any thread; the exchange dies on its shard.
  [[nodiscard]] static std::shared_ptr<LiveExchange> make(HttpConnection& connection,
                                                          wire::http::Request request, Peer peer,
                                                          RouteMatch match);
  ~LiveExchange() override;

  [[nodiscard]] const wire::http::Request& request() const noexcept override { return request_; }
  [[nodiscard]] const Peer& peer() const noexcept override { return peer_; }
  [[nodiscard]] std::string_view parameter(std::string_view name) const noexcept override;
  [[nodiscard]] net::Shard& shard() const noexcept override { return shard_; }
  [[nodiscard]] std::string_view id() const noexcept override { return id_; }
  void respond(wire::http::Response response) override;
  void on_abort(std::function<void()> aborted) override { aborted_ = std::move(aborted); }
  [[nodiscard]] Upgraded upgrade(std::string_view head) override;
  void respond_raw(std::string_view raw) override;
  void move_to(net::Shard& shard, std::function<void(std::shared_ptr<Exchange>)> handler) override;

  /// The client went away. True when the application wanted to know.
  bool abort();

 private:
  friend class HttpConnection;
  LiveExchange(HttpConnection& connection, wire::http::Request request, Peer peer, RouteMatch match);
  /// Ends the tie; nullptr when there is none any more.
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
