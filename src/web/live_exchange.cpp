#include "web/live_exchange.hpp"

#include <utility>

#include "web/own_responses.hpp"

namespace togglecast::web {

std::shared_ptr<LiveExchange> LiveExchange::make(HttpConnection& connection, wire::http::Request request,
                                                 Peer peer, RouteMatch match) {
  auto* made = new LiveExchange(connection, std::move(request), std::move(peer), std::move(match));
  return {made, [](LiveExchange* exchange) {
            net::Shard& shard = exchange->shard_;
            std::shared_ptr<LiveExchange> last(exchange);
            if (!shard.is_current()) shard.post([held = std::move(last)] {});
          }};
}

LiveExchange::LiveExchange(HttpConnection& connection, wire::http::Request request, Peer peer,
                           RouteMatch match)
    : shard_(connection.stream_->shard()),
      connection_(&connection),
      request_(std::move(request)),
      peer_(std::move(peer)),
      match_(std::move(match)),
      id_(connection.shared_->request_prefix + std::to_string(++connection.shared_->request_numbers)) {
  connection.current_ = this;
}

LiveExchange::~LiveExchange() {
  if (connection_ == nullptr) return;
  respond(error_response(500, "internal", "the request was not answered"));
}

std::string_view LiveExchange::parameter(std::string_view name) const noexcept {
  for (const auto& [key, value] : match_.parameters) {
    if (key == name) return value;
  }
  return {};
}

HttpConnection* LiveExchange::detach() noexcept {
  HttpConnection* connection = std::exchange(connection_, nullptr);
  if (connection != nullptr) connection->current_ = nullptr;
  aborted_ = nullptr;
  return connection;
}

void LiveExchange::respond(wire::http::Response response) {
  HttpConnection* connection = detach();
  if (connection == nullptr) return;
  response.headers.add("X-Request-Id", id_);
  connection->finish(request_, std::move(response), match_.options != nullptr && match_.options->drains);
}

void LiveExchange::respond_raw(std::string_view raw) {
  HttpConnection* connection = detach();
  if (connection == nullptr) return;
  connection->stream_->send(raw);
  connection->close_and_leave();
}

Exchange::Upgraded LiveExchange::upgrade(std::string_view head) {
  HttpConnection* connection = detach();
  if (connection == nullptr) return {};
  if (connection->peer_closed_) {  // its bytes are over, and nobody would hear of the end again
    connection->close_and_leave();
    return {};
  }
  Upgraded upgraded{connection->stream_, std::move(connection->input_)};
  upgraded.stream->handle_with(nullptr);
  upgraded.stream->limit(nullptr);
  upgraded.stream->pause_reading();
  upgraded.stream->send(head);
  connection->leave();
  return upgraded;
}

void LiveExchange::move_to(net::Shard& target, std::function<void(std::shared_ptr<Exchange>)> handler) {
  HttpConnection* connection = detach();
  if (connection == nullptr) return;
  net::DetachedStream detached = connection->stream_->release();
  if (!detached) {  // closed, or earlier answers still wait for the client to read them
    connection->close_and_leave();
    return;
  }
  struct Moving {
    std::shared_ptr<HttpServer::Shared> shared;
    wire::http::Request request;
    Peer peer;
    RouteMatch match;
    std::string direct, input;
    net::DetachedStream stream;
  };
  auto moving = std::make_shared<Moving>();
  moving->shared = connection->shared_;
  moving->request = std::move(request_);
  moving->peer = std::move(peer_);
  moving->match = std::move(match_);
  moving->direct = std::move(connection->direct_);
  moving->input = std::move(connection->input_);
  moving->stream = std::move(detached);
  connection->leave();
  target.post([moving, &target, handler = std::move(handler)] {
    if (moving->shared->closed.load(std::memory_order_relaxed)) return;
    net::StreamPtr stream = net::Stream::adopt(target, std::move(moving->stream));
    if (stream == nullptr) return;
    auto owned =
        std::make_unique<HttpConnection>(moving->shared, std::move(stream), std::move(moving->direct));
    HttpConnection& arrived = *owned;
    moving->shared->connections[target.index()].emplace(&arrived, std::move(owned));
    arrived.input_ = std::move(moving->input);
    auto exchange =
        make(arrived, std::move(moving->request), std::move(moving->peer), std::move(moving->match));
    arrived.stream_->start_reading();
    handler(std::move(exchange));
  });
}

bool LiveExchange::abort() {
  const auto aborted = std::exchange(aborted_, nullptr);
  if (!aborted) return false;
  shard_.attempt(aborted);  // may drop the last reference to this exchange
  return true;
}

}  // namespace togglecast::web
