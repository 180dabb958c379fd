#include "socketio/socket.hpp"

#include <utility>

#include "socketio/connection.hpp"
#include "socketio/namespace.hpp"

namespace togglecast::socketio {

struct Socket::OwnHandlers {
  EventTable events;
  std::vector<std::function<void(DisconnectReason)>> disconnecting;
  std::vector<std::function<void(DisconnectReason)>> disconnect;
};

bool Socket::Details::empty() const noexcept {
  return auth.is_null() && data.is_object() && data.get_object().empty() && own == nullptr &&
         acks == nullptr && pid.empty();
}

Socket::Socket(std::shared_ptr<Namespace> nsp, Connection& connection, json::value auth)
    : nsp_(std::move(nsp)), connection_(&connection), shard_(connection.shard()) {
  if (auth.is_object()) details().auth = std::move(auth);
  const std::string token = random_token(shard_.random(), 15);
  token.copy(id_.data(), id_.size());
}

Socket::~Socket() = default;

namespace {

const json::value& empty_object() {
  static const json::value value = json::object{};
  return value;
}

}  // namespace

const engineio::Handshake* Socket::handshake() const noexcept {
  return connection_ == nullptr ? nullptr : connection_->handshake();
}

const json::value& Socket::auth() const noexcept {
  return details_ == nullptr || details_->auth.is_null() ? empty_object() : details_->auth;
}

const json::value& Socket::data() const noexcept {
  return details_ == nullptr ? empty_object() : details_->data;
}

Socket::Details& Socket::details() {
  if (details_ == nullptr) details_ = std::make_unique<Details>();
  return *details_;
}

void Socket::drop_details_if_empty() noexcept {
  if (details_ != nullptr && details_->empty()) details_.reset();
}

void Socket::fail_acks() {
  if (details_ != nullptr && details_->acks != nullptr) details_->acks->fail_all();
}

net::Outlets::Index Socket::outlet() const noexcept {
  return connection_ == nullptr ? net::Outlets::kNone : connection_->session().outlet();
}

engineio::TransportKind Socket::transport() const noexcept {
  return connection_ != nullptr ? connection_->session().transport() : engineio::TransportKind::polling;
}

Socket::OwnHandlers& Socket::own() {
  auto& own = details().own;
  if (own == nullptr) {
    own = std::make_shared<OwnHandlers>();
  } else if (own.use_count() > 1) {  // a dispatch walks over the present ones
    own = std::make_shared<OwnHandlers>(*own);
  }
  return *own;
}

// Nobody would hear any more, and what handlers hold would never be let go.
void Socket::on(std::string event, EventHandler handler) {
  if (state_ != State::disconnected) own().events.named[std::move(event)].push_back(std::move(handler));
}
void Socket::on_any(EventHandler handler) {
  if (state_ != State::disconnected) own().events.any.push_back(std::move(handler));
}
void Socket::on_disconnecting(std::function<void(DisconnectReason)> handler) {
  if (state_ != State::disconnected) own().disconnecting.push_back(std::move(handler));
}
void Socket::on_disconnect(std::function<void(DisconnectReason)> handler) {
  if (state_ != State::disconnected) own().disconnect.push_back(std::move(handler));
}

void Socket::start(std::string pid, std::string offset) {
  const bool may_resume = nsp_->lane_ != nullptr && !pid.empty();
  if (may_resume) {
    details().resume_pid = std::move(pid);
    details().resume_offset = std::move(offset);
  }
  if (may_resume && nsp_->options_.recovery_skips_middlewares && try_recover()) return;
  run_middlewares(0);
}

bool Socket::try_recover() {
  return nsp_->recover(shard_, details().resume_pid, details().resume_offset,
                       [self = shared_from_this()](RecoveredSession recovered) {
                         self->become_recovered(std::move(recovered));
                       });
}

void Socket::run_middlewares(std::size_t index) {
  if (state_ != State::connecting || connection_ == nullptr) return;
  const auto& middlewares = nsp_->handlers()->middlewares;
  if (index == middlewares.size()) {
    const bool may_resume =
        nsp_->lane_ != nullptr && !details().resume_pid.empty() && !nsp_->options_.recovery_skips_middlewares;
    if (!may_resume || !try_recover()) become_connected();
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
  for (const auto& handler : nsp_->handlers()->connection)
    nsp_->guarded("connection", "connection", id(), [&] { handler(*this); });
  if (!nsp_->options_.retain_handshake && details_ != nullptr) {
    details_->auth = nullptr;
    details_->resume_pid = details_->resume_offset = {};
    drop_details_if_empty();
  }
}

void Socket::emit_arguments(std::string_view event, Arguments args) {
  if (state_ == State::disconnected || connection_ == nullptr) return;
  if (nsp_->lane_ != nullptr && connected()) {  // so that recovery keeps it, as a broadcast to its own room
    BroadcastOptions own_room;
    own_room.rooms.emplace_back(id());
    nsp_->deliver_recorded(with_name(event, std::move(args)), std::move(own_room), &shard_);
    return;
  }
  write(EncodedPacket::event(nsp_->name(), with_name(event, std::move(args))));
}

void Socket::emit_unrecorded(std::string_view event, Arguments args) {
  send(EncodedPacket::event(nsp_->name(), with_name(event, std::move(args))));
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
  auto& acks = details().acks;
  if (acks == nullptr) {
    acks =
        std::make_unique<PendingAcks>(shard_, [nsp = nsp_, sid = std::string(id())](std::string_view what) {
          nsp->log_failure("acknowledgement", {}, sid, what);
        });
  }
  if (acks->size() >= nsp_->options_.pending_acks) {
    connection_->too_many_acks();
    callback(fail(Errc::unavailable, "too many acknowledgements are pending"));
    return false;
  }
  acks->expect(ack_id, timeout, std::move(callback));
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

Milliseconds Socket::unanswered() const noexcept {
  return connection_ == nullptr ? Milliseconds{0} : connection_->session().unanswered();
}

bool Socket::join(std::string_view room) {
  if (!connected()) return false;
  auto& rooms = nsp_->rooms(shard_);
  if (memberships_.size() > nsp_->options_.rooms_per_socket) return rooms.is_member(*this, room);
  rooms.join(*this, room);
  return true;
}

void Socket::leave(std::string_view room) {
  if (connected()) nsp_->rooms(shard_).leave(*this, room);
}

std::vector<std::string> Socket::rooms() const {
  std::vector<std::string> names;
  if (memberships_.empty()) return names;
  // The first membership is the namespace. It stands for the socket's own room, which has no entry of its
  // own.
  names.reserve(memberships_.size());
  names.emplace_back(id());
  const auto& table = nsp_->rooms(shard_);
  for (std::size_t i = 1; i < memberships_.size(); ++i) names.push_back(table.name_of(memberships_[i]));
  return names;
}

Broadcast Socket::broadcast() const { return Broadcast(*nsp_).except(std::string(id())); }

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

void Socket::close_transport(wire::websocket::CloseCode code) {
  if (connection_ != nullptr) connection_->session().close(engineio::CloseReason::forced_close, code);
}

void Socket::on_event(Arguments&& args, std::optional<std::uint64_t> ack_id) {
  const auto keep = shared_from_this();
  const json::value& first = args.values.front();
  std::string name = first.is_string() ? std::string(first.get_string()) : json::serialize(first);
  args.values.erase(args.values.begin());
  Event event(*this, std::move(name), std::move(args), ack_id ? Ack(keep, *ack_id) : Ack());

  const auto call = [&](const EventHandler& handler) {
    nsp_->guarded("event", event.name(), id(), [&] { handler(event); });
  };
  const auto call_all = [&](const EventTable& table) {
    for (const auto& handler : table.any) call(handler);
    const auto found = table.named.find(event.name());
    if (found == table.named.end()) return;
    for (const auto& handler : found->second) call(handler);
  };
  for (const auto& filter : nsp_->handlers()->filters) {
    bool passes = false;
    nsp_->guarded("filter", event.name(), id(), [&] { passes = filter(event); });
    if (!passes) return;
  }
  if (const auto own = own_handlers()) call_all(own->events);  // held: a handler may register others
  call_all(nsp_->handlers()->events);
}

void Socket::on_ack(std::uint64_t id, Arguments args) {
  if (details_ == nullptr || details_->acks == nullptr) return;
  const auto keep = shared_from_this();
  details_->acks->answer(id, std::move(args));
}

void Socket::drained() {
  if (!connected()) return;
  const auto keep = shared_from_this();
  for (const auto& handler : nsp_->handlers()->drained)
    nsp_->guarded("drained", {}, id(), [&] { handler(*this); });
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
  nsp_->save({std::string(id()), details().pid, rooms(), details().data}, shard_.now());
}

}  // namespace togglecast::socketio
