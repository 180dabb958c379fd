// The life of a socket: middlewares, connected or recovered or refused, disconnected.
#include <string>
#include <utility>

#include "socketio/connection.hpp"
#include "socketio/namespace.hpp"
#include "socketio/own_handlers.hpp"
#include "socketio/socket.hpp"

namespace togglecast::socketio {

void Socket::start(std::string pid, std::string offset) {
  const bool may_resume = nsp_->recovers() && !pid.empty();
  if (may_resume) {
    details().resume_pid = std::move(pid);
    details().resume_offset = std::move(offset);
  }
  if (may_resume && nsp_->options_.recovery_skips_middlewares) {
    try_recover(&Socket::run_first_middleware);
  } else {
    run_middlewares(0);
  }
}

void Socket::try_recover(void (Socket::*otherwise)()) {
  nsp_->recover(shard_, details().resume_pid, details().resume_offset,
                [self = shared_from_this(), otherwise](std::optional<RecoveredSession> recovered) {
                  if (recovered) {
                    self->become_recovered(*std::move(recovered));
                  } else {
                    ((*self).*otherwise)();
                  }
                });
}

void Socket::run_middlewares(std::size_t index) {
  if (state_ != State::connecting || connection_ == nullptr) return;
  const auto& middlewares = nsp_->handlers()->middlewares;
  if (index == middlewares.size()) {
    const bool may_resume = nsp_->recovers() && details_ != nullptr && !details().resume_pid.empty() &&
                            !nsp_->options_.recovery_skips_middlewares;
    if (may_resume) {
      try_recover(&Socket::become_connected);
    } else {
      become_connected();
    }
    return;
  }
  const bool understood = nsp_->guarded(
      "middleware", "connect", id(), [&] { middlewares[index](*this, Next(shared_from_this(), index + 1)); });
  if (!understood) refuse({"internal error", nullptr});
}

void Socket::refuse(const ConnectError& error) {
  if (state_ != State::connecting || connection_ == nullptr) return;
  state_ = State::disconnected;
  write(EncodedPacket::text(wire::socketio::encode_connect_error(nsp_->name(), error.message, error.data)));
  const auto keep = shared_from_this();
  fail_acks();
  if (connection_ != nullptr) std::exchange(connection_, nullptr)->forget(*this);
  release();
}

void Socket::become_connected() {
  // In the order of recorded events: what comes later is for this socket, what came before is not.
  nsp_->in_order(shard_, [self = shared_from_this()] {
    if (self->state_ != State::connecting || self->connection_ == nullptr) return;
    if (std::string pid = self->nsp_->new_pid(); !pid.empty()) self->details().pid = std::move(pid);
    self->state_ = State::connected;
    self->nsp_->rooms(self->shard_).enter(*self);
    self->nsp_->entered();
    self->announce();
  });
}

void Socket::become_recovered(RecoveredSession recovered) {
  if (state_ != State::connecting || connection_ == nullptr) {  // lost again meanwhile: it may try once more
    nsp_->save(std::move(recovered.session), shard_.now());
    return;
  }
  recovered.session.sid.copy(id_.data(), id_.size());
  details().pid = std::move(recovered.session.pid);
  details().data = std::move(recovered.session.data);
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
  const std::string_view pid = details_ == nullptr ? std::string_view{} : details_->pid;
  write(EncodedPacket::text(wire::socketio::encode_connect(nsp_->name(), id(), pid)));
  connection_->joined();
  if (!nsp_->recovers() && details_ != nullptr) {  // the client has it now, and nothing here needs it
    details_->pid = {};
    drop_details_if_empty();
  }
  for (const auto& handler : nsp_->handlers()->connection)
    nsp_->guarded("connection", "connection", id(), [&] { handler(*this); });
  if (!nsp_->options_.retain_handshake && details_ != nullptr) {
    details_->auth = nullptr;
    details_->resume_pid = details_->resume_offset = {};
    drop_details_if_empty();
  }
}

// With recovery, what was emitted before may still wait for its turn in the order of events; this waits
// behind it.
void Socket::disconnect(bool close) {
  if (!connected()) return;
  nsp_->in_order(shard_, [self = shared_from_this(), close] { self->disconnect_now(close); });
}

void Socket::disconnect_now(bool close) {
  if (!connected()) return;
  if (close) {
    connection_->disconnect_all();
    return;
  }
  if (leaving_) return;
  connection_->expect_stragglers(nsp_->name());
  write(EncodedPacket::text(wire::socketio::encode_disconnect(nsp_->name())));
  gone(DisconnectReason::server_namespace_disconnect);
}

void Socket::gone(DisconnectReason reason) {
  if (std::exchange(leaving_, true)) return;  // a handler below disconnects it once more
  const auto keep = shared_from_this();
  const bool was_connected = connected();
  static const OwnHandlers kNone;
  if (was_connected) {
    const auto own = own_handlers();
    call_disconnect_handlers((own ? *own : kNone).disconnecting, nsp_->handlers()->disconnecting, reason);
    save_for_recovery(reason);
    nsp_->rooms(shard_).exit(*this);
    nsp_->exited();
  }
  state_ = State::disconnected;
  fail_acks();
  if (was_connected) {
    const auto own = own_handlers();
    call_disconnect_handlers((own ? *own : kNone).disconnect, nsp_->handlers()->disconnect, reason);
  }
  if (connection_ != nullptr) std::exchange(connection_, nullptr)->forget(*this);
  release();
}

void Socket::abandon() noexcept {
  if (connected()) {
    nsp_->rooms(shard_).exit(*this);
    nsp_->exited();
  }
  state_ = State::disconnected;
  connection_ = nullptr;
  app_state_.reset();
  details_.reset();
}

void Socket::release() {
  app_state_.reset();
  if (details_ != nullptr) details_->own.reset();
}

void Socket::call_disconnect_handlers(const std::vector<std::function<void(DisconnectReason)>>& own_handlers,
                                      const std::vector<DisconnectHandler>& shared, DisconnectReason reason) {
  for (const auto& handler : own_handlers)
    nsp_->guarded("disconnect", "disconnect", id(), [&] { handler(reason); });
  for (const auto& handler : shared)
    nsp_->guarded("disconnect", "disconnect", id(), [&] { handler(*this, reason); });
}

void Socket::save_for_recovery(DisconnectReason reason) {
  if (!nsp_->recovers()) return;
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
  nsp_->save({std::string(id()), details().pid, rooms(), details().data}, shard_.now());
}

}  // namespace togglecast::socketio
