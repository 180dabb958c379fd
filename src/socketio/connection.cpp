#include "socketio/connection.hpp"

#include <algorithm>
#include <utility>

#include "base/pooled.hpp"
#include "engineio/frame.hpp"
#include "socketio/namespace.hpp"
#include "socketio/server.hpp"
#include "socketio/socket.hpp"

namespace togglecast::socketio {
namespace {

using wire::socketio::PacketType;
using wire::socketio::PassedLimit;

DisconnectReason reason_of(engineio::CloseReason reason) noexcept {
  switch (reason) {
    case engineio::CloseReason::transport_error:
      return DisconnectReason::transport_error;
    case engineio::CloseReason::transport_close:
      return DisconnectReason::transport_close;
    case engineio::CloseReason::ping_timeout:
      return DisconnectReason::ping_timeout;
    case engineio::CloseReason::parse_error:
      return DisconnectReason::parse_error;
    case engineio::CloseReason::forced_close:
      return DisconnectReason::forced_close;
  }
  return DisconnectReason::forced_close;
}

}  // namespace

Connection::Connection(Server& server, engineio::Session& session, engineio::HandshakePtr handshake)
    : server_(server),
      session_(session),
      beginning_(std::make_unique<Beginning>(*this, std::move(handshake))),
      decoder_(server.options().decoder) {
  shard().arm(*beginning_, server.options().connect_timeout);
}

Connection::~Connection() {
  for (const auto& socket : sockets_) socket->abandon();  // none, unless the shards stopped without a close
}

void Connection::on_text(std::string_view message) {
  if (const auto event = decoder_.plain_event(message)) {
    Socket* socket = find(event->nsp);
    if (socket != nullptr && socket->connected()) return socket->on_event(*event);
  }
  on_decoded(decoder_.text(message));
}
void Connection::on_binary(std::string_view message) { on_decoded(decoder_.binary(message)); }

void Connection::on_decoded(Result<std::optional<wire::socketio::Packet>> decoded) {
  if (!decoded) {
    if (decoder_.passed_limit() == PassedLimit::attachments) server_.count(Limit::attachments_per_packet);
    if (decoder_.passed_limit() == PassedLimit::json_depth) server_.count(Limit::json_depth);
    break_off(decoded.error().message);
  } else if (*decoded) {
    on_packet(**std::move(decoded));
  } else if (const std::string* nsp = decoder_.awaits_attachments_for()) {
    check_attachments(*nsp);
  }
}

void Connection::check_attachments(const std::string& nsp) {
  const Socket* socket = find(nsp);
  const bool may_follow =
      socket == nullptr ? has_ended(nsp) : socket->connected() && socket->accepts_attachments();
  if (!may_follow) break_off("attachments before the namespace was joined and the client is known");
}

bool Connection::has_ended(std::string_view nsp) const noexcept {
  return ended_ != nullptr && std::find(ended_->begin(), ended_->end(), nsp) != ended_->end();
}

bool Connection::in_a_namespace() const noexcept {
  return std::any_of(sockets_.begin(), sockets_.end(),
                     [](const auto& socket) { return socket->connected(); });
}

bool Connection::admit_packet() {
  const auto& options = server_.options();
  if (!options.admit_packet || options.admit_packet(state_, shard())) return true;
  server_.count(Limit::packet_rate);
  options.log.debug("connection closed: it joins and leaves too often");
  session_.close(engineio::CloseReason::forced_close, wire::websocket::CloseCode::try_again_later);
  return false;
}

void Connection::on_packet(wire::socketio::Packet&& packet) {
  Socket* socket = packet.type == PacketType::connect ? nullptr : find(packet.nsp);
  const bool expected = socket != nullptr && socket->connected() &&
                        (packet.type == PacketType::event ||
                         (packet.type == PacketType::ack && packet.ack_id && socket->awaits(*packet.ack_id)));
  if (!expected && !admit_packet()) return;
  if (packet.type == PacketType::connect) {
    on_connect(std::move(packet));
    return;
  }
  if (socket == nullptr) {
    if (has_ended(packet.nsp)) return;
    break_off("packet for a namespace that was not joined");
    return;
  }
  if (packet.type == PacketType::disconnect) {
    socket->gone(DisconnectReason::client_namespace_disconnect);
    return;
  }
  if (!socket->connected()) {
    break_off("packet before the namespace was joined");
    return;
  }
  switch (packet.type) {
    case PacketType::event:
      socket->on_event(std::move(packet.args), packet.ack_id);
      return;
    case PacketType::ack:
      if (packet.ack_id) socket->on_ack(*packet.ack_id, std::move(packet.args));
      return;
    case PacketType::connect:
    case PacketType::disconnect:
    case PacketType::connect_error:
    case PacketType::binary_event:
    case PacketType::binary_ack:
      break_off("packet that only a server may send");
      return;
  }
}

void Connection::on_connect(wire::socketio::Packet&& packet) {
  if (find(packet.nsp) != nullptr) {
    break_off("CONNECT for a namespace already joined");
    return;
  }
  const auto refuse = [&](std::string_view message, const json::value& data = nullptr) {
    session_.send(engineio::text_message(wire::socketio::encode_connect_error(packet.nsp, message, data)));
  };
  if (sockets_.size() >= server_.options().namespaces_per_connection) {
    server_.count(Limit::namespaces_per_connection);
    return refuse("Too many namespaces on this connection");
  }
  auto nsp = server_.find(packet.nsp);
  if (nsp == nullptr) {
    const auto& options = server_.options();
    if (options.on_unknown_namespace) options.on_unknown_namespace(packet.nsp, handshake());
    return refuse("Invalid namespace", options.unknown_namespace);
  }
  std::string pid(json::string_or_empty(packet.auth, "pid"));
  std::string offset(json::string_or_empty(packet.auth, "offset"));
  auto socket =
      std::allocate_shared<Socket>(PoolAllocator<Socket>(), std::move(nsp), *this, std::move(packet.auth));
  sockets_.push_back(socket);
  socket->start(std::move(pid), std::move(offset));
}

Socket* Connection::find(std::string_view nsp) const noexcept {
  for (const auto& socket : sockets_) {
    if (socket->nsp().name() == nsp) return socket.get();
  }
  return nullptr;
}

void Connection::forget(Socket& socket) {
  const auto found = std::find_if(sockets_.begin(), sockets_.end(),
                                  [&](const auto& entry) { return entry.get() == &socket; });
  if (found != sockets_.end()) sockets_.erase(found);
  if (!server_.options().close_when_left || !joined_ || in_a_namespace() || !session_.open()) return;
  if (beginning_ == nullptr) beginning_ = std::make_unique<Beginning>(*this, nullptr);
  shard().arm(*beginning_, server_.options().connect_timeout);
}

void Connection::expect_stragglers(const std::string& nsp) {
  if (ended_ == nullptr) ended_ = std::make_unique<std::vector<std::string>>();
  std::erase(*ended_, nsp);
  if (ended_->size() >= server_.options().namespaces_per_connection && !ended_->empty())
    ended_->erase(ended_->begin());
  ended_->push_back(nsp);
}

void Connection::break_off(std::string_view why) {
  // The id of a socket, which is public; that of the session would let others read it.
  const std::string_view sid = sockets_.empty() ? std::string_view{} : sockets_.front()->id();
  server_.options().log.info("connection closed: unreadable packet", {{"sid", sid}, {"error", why}});
  end_all(DisconnectReason::parse_error);
  session_.close();
}

void Connection::too_many_acks() { server_.count(Limit::pending_acks); }

void Connection::disconnect_all() {
  const auto sockets = sockets_;
  for (const auto& socket : sockets) {
    if (socket->connected())
      session_.send(engineio::text_message(wire::socketio::encode_disconnect(socket->nsp().name())));
  }
  end_all(DisconnectReason::server_namespace_disconnect);
  session_.close();
}

void Connection::shut_down() { end_all(DisconnectReason::server_shutting_down); }

void Connection::end_all(DisconnectReason reason) {
  const Sockets sockets = std::exchange(sockets_, Sockets{});
  for (const auto& socket : sockets) socket->gone(reason);
}

void Connection::on_close(engineio::CloseReason reason) {
  if (beginning_ != nullptr) beginning_->cancel();
  end_all(reason_of(reason));
}

void Connection::on_drained() {
  const auto sockets = sockets_;
  for (const auto& socket : sockets) socket->drained();
}

void Connection::on_ping() {
  const auto sockets = sockets_;
  for (const auto& socket : sockets) socket->call(socket->nsp().handlers()->ping, "ping");
}

void Connection::on_pong() {
  const auto sockets = sockets_;
  for (const auto& socket : sockets) socket->call(socket->nsp().handlers()->pong, "pong");
}

void Connection::on_outlet_moved() {
  for (const auto& socket : sockets_) {
    if (socket->connected()) socket->nsp().rooms(shard()).move_outlet(*socket);
  }
}

bool Connection::owes_answer() const noexcept {
  return std::any_of(sockets_.begin(), sockets_.end(),
                     [](const auto& socket) { return socket->owed_acks_ > 0; });
}

void Connection::on_connect_timeout() {
  if (!session_.open()) return;
  if (!joined_ || (server_.options().close_when_left && !in_a_namespace())) {
    const bool working =
        std::any_of(sockets_.begin(), sockets_.end(), [](const auto& socket) { return socket->working_; });
    if (working) return shard().arm(*beginning_, server_.options().connect_timeout);
    server_.count(Limit::connect_timeout);
    server_.options().log.debug("connection closed: it was in no namespace for too long");
    session_.close();
  } else if (!server_.options().retain_handshake) {
    beginning_.reset();
  }
}

}  // namespace togglecast::socketio
