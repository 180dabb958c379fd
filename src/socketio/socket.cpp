#include "socketio/socket.hpp"

#include <exception>
#include <utility>

#include "socketio/connection.hpp"
#include "socketio/namespace.hpp"

namespace togglecast::socketio {

struct Socket::OwnHandlers {
  EventTable events;
  std::vector<std::function<void(DisconnectReason)>> disconnecting;
  std::vector<std::function<void(DisconnectReason)>> disconnect;
};

Socket::Socket(std::shared_ptr<Namespace> nsp, Connection& connection, json::value auth)
    : nsp_(std::move(nsp)),
      connection_(&connection),
      shard_(connection.shard()),
      handshake_(connection.handshake()),
      auth_(auth.is_object() ? std::move(auth) : json::value(json::object{})),
      data_(json::object{}) {
  const std::string token = random_token(shard_.random(), 15);
  token.copy(id_.data(), id_.size());
}

Socket::~Socket() = default;

engineio::TransportKind Socket::transport() const noexcept {
  return connection_ != nullptr ? connection_->session().transport() : engineio::TransportKind::polling;
}

Socket::OwnHandlers& Socket::own() {
  if (own_ == nullptr) own_ = std::make_shared<OwnHandlers>();
  return *own_;
}

void Socket::on(std::string event, EventHandler handler) {
  own().events.named[std::move(event)].push_back(std::move(handler));
}
void Socket::on_any(EventHandler handler) { own().events.any.push_back(std::move(handler)); }
void Socket::on_disconnecting(std::function<void(DisconnectReason)> handler) {
  own().disconnecting.push_back(std::move(handler));
}
void Socket::on_disconnect(std::function<void(DisconnectReason)> handler) {
  own().disconnect.push_back(std::move(handler));
}

void Socket::start(std::string pid, std::string offset) {
  resume_pid_ = std::move(pid);
  resume_offset_ = std::move(offset);
  const bool may_resume = nsp_->lane_ != nullptr && !resume_pid_.empty();
  if (may_resume && nsp_->options_.recovery_skips_middlewares && try_recover()) return;
  run_middlewares(0);
}

bool Socket::try_recover() {
  return nsp_->recover(shard_, resume_pid_, resume_offset_,
                       [self = shared_from_this()](RecoveredSession recovered) {
                         self->become_recovered(std::move(recovered));
                       });
}

void Socket::run_middlewares(std::size_t index) {
  if (state_ != State::connecting || connection_ == nullptr) return;
  const auto& middlewares = nsp_->handlers()->middlewares;
  if (index == middlewares.size()) {
    const bool may_resume =
        nsp_->lane_ != nullptr && !resume_pid_.empty() && !nsp_->options_.recovery_skips_middlewares;
    if (!may_resume || !try_recover()) become_connected();
    return;
  }
  try {
    middlewares[index](*this, Next(shared_from_this(), index + 1));
  } catch (const std::exception& error) {
    nsp_->log_failure("middleware", "connect", id(), error.what());
    refuse({"internal error", nullptr});
  }
}

void Socket::refuse(const ConnectError& error) {
  if (state_ != State::connecting || connection_ == nullptr) return;
  state_ = State::disconnected;
  write(EncodedPacket::text(wire::socketio::encode_connect_error(nsp_->name(), error.message, error.data)));
  const auto keep = shared_from_this();
  std::exchange(connection_, nullptr)->forget(*this);
}

void Socket::become_connected() {
  pid_ = nsp_->new_pid();
  state_ = State::connected;
  nsp_->rooms(shard_).enter(*this);
  nsp_->entered();
  // In the order of recorded events: what comes later is for this socket, what came before is not.
  nsp_->in_order(shard_, [self = shared_from_this()] { self->announce(); });
}

void Socket::become_recovered(RecoveredSession recovered) {
  if (state_ != State::connecting || connection_ == nullptr) {  // lost again meanwhile: it may try once more
    nsp_->save(std::move(recovered.session), shard_.now());
    return;
  }
  recovered.session.sid.copy(id_.data(), id_.size());
  pid_ = std::move(recovered.session.pid);
  data_ = std::move(recovered.session.data);
  recovered_ = true;
  state_ = State::connected;
  auto& rooms = nsp_->rooms(shard_);
  rooms.enter(*this);
  nsp_->entered();
  for (const auto& room : recovered.session.rooms) rooms.join(*this, room);
  for (const auto& event : recovered.missed) write(EncodedPacket::event(nsp_->name(), event));
  announce();
}

void Socket::announce() {
  if (connection_ == nullptr) return;
  write(EncodedPacket::text(wire::socketio::encode_connect(nsp_->name(), id(), pid_)));
  connection_->joined();
  for (const auto& handler : nsp_->handlers()->connection) {
    try {
      handler(*this);
    } catch (const std::exception& error) {
      nsp_->log_failure("connection", "connection", id(), error.what());
    }
  }
  if (!nsp_->options_.retain_handshake) {
    handshake_.reset();
    auth_ = nullptr;
  }
}

void Socket::emit_arguments(std::string_view event, Arguments args) {
  if (state_ == State::disconnected || connection_ == nullptr) return;
  if (nsp_->lane_ != nullptr && connected()) {  // so that recovery keeps it, as a broadcast to its own room
    BroadcastOptions own_room;
    own_room.rooms.emplace_back(id());
    nsp_->deliver(with_name(event, std::move(args)), std::move(own_room));
    return;
  }
  write(EncodedPacket::event(nsp_->name(), with_name(event, std::move(args))));
}

void Socket::emit_arguments_with_ack(Milliseconds timeout, AckCallback callback, std::string_view event,
                                     Arguments args) {
  const std::uint64_t ack_id = nsp_->next_ack_id();
  if (!expect_ack(ack_id, timeout, std::move(callback))) return;
  send(EncodedPacket::event(nsp_->name(), with_name(event, std::move(args)), ack_id));
}

bool Socket::expect_ack(std::uint64_t ack_id, Milliseconds timeout, AckCallback callback) {
  if (state_ == State::disconnected || connection_ == nullptr) {
    callback(fail(Errc::unavailable, "socket has been disconnected"));
    return false;
  }
  if (acks_ == nullptr) acks_ = std::make_unique<PendingAcks>(shard_);
  if (acks_->size() >= nsp_->options_.pending_acks) {
    callback(fail(Errc::unavailable, "too many acknowledgements are pending"));
    return false;
  }
  acks_->expect(ack_id, timeout, std::move(callback));
  return true;
}

void Socket::send(const EncodedPacket& packet) {
  if (nsp_->lane_ == nullptr) {
    write(packet);
    return;
  }
  nsp_->in_order(shard_, [self = shared_from_this(), packet] { self->write(packet); });
}

void Socket::write(const EncodedPacket& packet) {
  if (connection_ != nullptr) packet.send_to(connection_->session());
}

bool Socket::writable() const noexcept { return connection_ != nullptr && connection_->session().writable(); }

std::size_t Socket::backlog_bytes() const noexcept {
  return connection_ == nullptr ? 0 : connection_->session().backlog_bytes();
}

bool Socket::join(std::string_view room) {
  if (!connected()) return false;
  if (memberships_.size() > nsp_->options_.rooms_per_socket) return false;
  nsp_->rooms(shard_).join(*this, room);
  return true;
}

void Socket::leave(std::string_view room) {
  if (connected()) nsp_->rooms(shard_).leave(*this, room);
}

std::vector<std::string> Socket::rooms() const {
  std::vector<std::string> names;
  for (const auto& place : memberships_) {
    if (!place.room->name.empty()) names.push_back(place.room->name);
  }
  return names;
}

Broadcast Socket::broadcast() const { return Broadcast(*nsp_).except(std::string(id())); }

void Socket::disconnect(bool close) {
  if (!connected()) return;
  const auto keep = shared_from_this();
  if (close) {
    connection_->disconnect_all();
    return;
  }
  write(EncodedPacket::text(wire::socketio::encode_disconnect(nsp_->name())));
  gone(DisconnectReason::server_namespace_disconnect);
}

void Socket::close_transport(wire::websocket::CloseCode code) {
  if (connection_ != nullptr) connection_->session().close(engineio::CloseReason::forced_close, code);
}

void Socket::on_event(Arguments args, std::optional<std::uint64_t> ack_id) {
  const auto keep = shared_from_this();
  const json::value first = std::move(args.values.front());
  args.values.erase(args.values.begin());
  std::string name = first.is_string() ? std::string(first.get_string()) : json::serialize(first);
  Event event(*this, std::move(name), std::move(args), ack_id ? Ack(keep, *ack_id) : Ack());

  const auto call = [&](const auto& handler) {
    try {
      handler(event);
    } catch (const std::exception& error) {
      nsp_->log_failure("event", event.name(), id(), error.what());
    }
  };
  // A handler may register others: those of this socket are called from copies.
  const auto call_all = [&](const EventTable& table) {
    for (std::size_t i = 0; i < table.any.size(); ++i) call(EventHandler(table.any[i]));
    const auto found = table.named.find(event.name());
    if (found == table.named.end()) return;
    for (std::size_t i = 0; i < found->second.size(); ++i) call(EventHandler(found->second[i]));
  };
  for (const auto& filter : nsp_->handlers()->filters) {
    if (!filter(event)) return;
  }
  if (const auto own = own_) call_all(own->events);
  call_all(nsp_->handlers()->events);
}

void Socket::on_ack(std::uint64_t id, Arguments args) {
  if (acks_ == nullptr) return;
  const auto keep = shared_from_this();
  try {
    acks_->answer(id, std::move(args));
  } catch (const std::exception& error) {
    nsp_->log_failure("acknowledgement", {}, this->id(), error.what());
  }
}

void Socket::drained() {
  if (!connected()) return;
  const auto keep = shared_from_this();
  for (const auto& handler : nsp_->handlers()->drained) handler(*this);
}

void Socket::gone(DisconnectReason reason) {
  const auto keep = shared_from_this();
  const bool was_connected = connected();
  if (was_connected) {
    call_disconnect_handlers(own_ == nullptr ? nullptr : &own_->disconnecting,
                             nsp_->handlers()->disconnecting, reason);
    save_for_recovery(reason);
    nsp_->rooms(shard_).exit(*this);
    nsp_->exited();
  }
  state_ = State::disconnected;
  if (acks_ != nullptr) acks_->fail_all();
  if (was_connected) {
    call_disconnect_handlers(own_ == nullptr ? nullptr : &own_->disconnect, nsp_->handlers()->disconnect,
                             reason);
  }
  if (connection_ != nullptr) std::exchange(connection_, nullptr)->forget(*this);
  handshake_.reset();
  app_state_.reset();
  own_.reset();  // handlers may hold this socket
}

void Socket::call_disconnect_handlers(const std::vector<std::function<void(DisconnectReason)>>* own_handlers,
                                      const std::vector<DisconnectHandler>& shared, DisconnectReason reason) {
  const auto guarded = [this](const auto& call) {
    try {
      call();
    } catch (const std::exception& error) {
      nsp_->log_failure("disconnect", "disconnect", id(), error.what());
    }
  };
  if (own_handlers != nullptr) {
    const auto copy = *own_handlers;
    for (const auto& handler : copy) guarded([&] { handler(reason); });
  }
  for (const auto& handler : shared) guarded([&] { handler(*this, reason); });
}

void Socket::save_for_recovery(DisconnectReason reason) {
  if (nsp_->lane_ == nullptr) return;
  switch (reason) {
    case DisconnectReason::client_namespace_disconnect:
    case DisconnectReason::server_namespace_disconnect:
    case DisconnectReason::parse_error:
      return;
    case DisconnectReason::transport_close:
    case DisconnectReason::transport_error:
    case DisconnectReason::ping_timeout:
    case DisconnectReason::forced_close:
    case DisconnectReason::forced_server_close:
    case DisconnectReason::server_shutting_down:
      break;
  }
  RecoverableSession session{std::string(id()), pid_, rooms(), data_};
  session.rooms.emplace_back(id());
  nsp_->save(std::move(session), shard_.now());
}

}  // namespace togglecast::socketio
