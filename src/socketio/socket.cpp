#include "socketio/socket.hpp"

#include <utility>

#include "socketio/connection.hpp"
#include "socketio/namespace.hpp"
#include "socketio/own_handlers.hpp"

namespace togglecast::socketio {

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

HeldPtr& Socket::connection_state() noexcept { return connection_->state(); }

void Socket::name_connection(std::string_view kind, std::string_view name) {
  if (connection_ != nullptr) connection_->session().name(kind, name);
}

bool Socket::awaits(std::uint64_t ack_id) const noexcept {
  return details_ != nullptr && details_->acks != nullptr && details_->acks->expects(ack_id);
}

const json::value& Socket::auth() const noexcept {
  return details_ == nullptr || details_->auth.is_null() ? empty_object() : details_->auth;
}

Socket::PresentedSession Socket::presented() const noexcept {
  return {json::string_or_empty(auth(), "pid"), json::string_or_empty(auth(), "offset")};
}

void Socket::set_pid(std::string pid) {
  if (!nsp_->recovers() && state_ == State::connecting) details().pid = std::move(pid);
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

void Socket::emit_arguments(std::string_view event, Arguments args) {
  if (state_ == State::disconnected || connection_ == nullptr) return;
  if (nsp_->recovers() && connected()) {  // so that recovery keeps it, as a broadcast to its own room
    nsp_->deliver_own(shard_, id(), with_name(event, std::move(args)));
    return;
  }
  write(EncodedPacket::event(nsp_->name(), with_name(event, std::move(args))));
}

void Socket::emit_unrecorded(std::string_view event, Arguments args) {
  send(EncodedPacket::event(nsp_->name(), with_name(event, std::move(args))));
}

void Socket::emit_arguments_with_ack(Milliseconds timeout, AckCallback callback, std::string_view event,
                                     Arguments args) {
  const Arguments named = with_name(event, std::move(args));  // before anything waits for an answer
  const std::uint64_t ack_id = nsp_->next_ack_id();
  if (!expect_ack(ack_id, timeout, std::move(callback))) return;
  send(EncodedPacket::event(nsp_->name(), named, ack_id));
}

void Socket::send_with_ack(const EncodedPacket& packet, std::uint64_t ack_id, Milliseconds timeout,
                           AckCallback callback) {
  if (expect_ack(ack_id, timeout, std::move(callback))) send(packet);
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

std::size_t Socket::collected_bytes() const noexcept {
  return connection_ == nullptr ? 0 : connection_->session().collected_bytes();
}

Milliseconds Socket::stalled() const noexcept {
  return connection_ == nullptr ? Milliseconds{0} : connection_->session().stalled();
}

net::Unread Socket::unread() const noexcept {
  return connection_ == nullptr ? net::Unread{} : connection_->session().unread();
}

Milliseconds Socket::unanswered() const noexcept {
  return connection_ == nullptr ? Milliseconds{0} : connection_->session().unanswered();
}

std::optional<std::chrono::microseconds> Socket::round_trip() const noexcept {
  return connection_ == nullptr ? std::nullopt : connection_->session().round_trip();
}

std::optional<Milliseconds> Socket::since_seen() const noexcept {
  return connection_ == nullptr ? std::nullopt : connection_->session().since_seen();
}

void Socket::seen() noexcept {
  if (connection_ != nullptr) connection_->session().seen();
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

void Socket::trust_connection() {
  if (connection_ != nullptr) connection_->session().trust();
}

void Socket::close_transport(wire::websocket::CloseCode code) {
  if (connection_ != nullptr) connection_->session().close(engineio::CloseReason::forced_close, code);
}

void Socket::close_transport_without_backlog(wire::websocket::CloseCode code) {
  if (connection_ != nullptr) connection_->session().close_without_backlog(code);
}

void Socket::on_event(const wire::socketio::PlainEvent& plain) {
  const auto keep = shared_from_this();
  Event event(*this, plain, plain.ack_id ? Ack(keep, *plain.ack_id) : Ack());
  dispatch(event);
}

void Socket::on_event(Arguments&& args, std::optional<std::uint64_t> ack_id) {
  const auto keep = shared_from_this();
  const json::value& first = args.values.front();
  std::string name = first.is_string() ? std::string(first.get_string()) : json::serialize(first);
  args.values.erase(args.values.begin());
  Event event(*this, std::move(name), std::move(args), ack_id ? Ack(keep, *ack_id) : Ack());
  dispatch(event);
}

void Socket::dispatch(Event& event) {
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

void Socket::drained() { call(nsp_->handlers()->drained, "drained"); }

void Socket::call(const std::vector<ConnectionHandler>& handlers, std::string_view name) {
  if (handlers.empty() || !connected()) return;
  const auto keep = shared_from_this();
  for (const auto& handler : handlers) nsp_->guarded(name, {}, id(), [&] { handler(*this); });
}

void Socket::ping() {
  if (connection_ != nullptr) connection_->session().ping();
}

}  // namespace togglecast::socketio
