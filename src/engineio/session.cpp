#include "engineio/session.hpp"

#include <utility>

#include "engineio/frame.hpp"
#include "engineio/packet_trace.hpp"
#include "engineio/polling_transport.hpp"
#include "engineio/server.hpp"
#include "engineio/upgrade_probe.hpp"
#include "wire/engineio/packet.hpp"

namespace togglecast::engineio {
namespace {

namespace ws = wire::websocket;

constexpr Milliseconds kQuietStart{2'000};  // no ping this early, while clients still join and upgrade

// The first ping comes up to half an interval early. This spreads the pings of clients that reconnected at
// the same time.
TimePoint first_ping(net::Shard& shard, Milliseconds interval) {
  const TimePoint latest = shard.now() + interval;
  if (interval <= kQuietStart) return latest;
  const auto most_early = static_cast<std::uint64_t>((interval - kQuietStart).count()) / 2;
  return most_early == 0 ? latest : latest - Milliseconds{random_below(shard.random(), most_early)};
}

// Each session has an interval of its own, up to a tenth shorter. So sessions that answered at the same time,
// as after a stall of this process, drift apart.
Milliseconds own_interval(net::Shard& shard, Milliseconds interval) {
  if (interval <= kQuietStart) return interval;
  return interval -
         Milliseconds{random_below(shard.random(), static_cast<std::uint64_t>(interval.count()) / 10)};
}

const SharedBytes& ping_frame() {
  static const SharedBytes frame = text_packet("2");
  return frame;
}

}  // namespace

std::string_view to_string(CloseReason reason) noexcept {
  switch (reason) {
    case CloseReason::transport_error:
      return "transport error";
    case CloseReason::transport_close:
      return "transport close";
    case CloseReason::ping_timeout:
      return "ping timeout";
    case CloseReason::parse_error:
      return "parse error";
    case CloseReason::forced_close:
      return "forced close";
  }
  return "forced close";
}

std::string_view to_string(TransportKind kind) noexcept {
  return kind == TransportKind::websocket ? "websocket" : "polling";
}

Session::Session(Server& server, net::Shard& shard, const SessionId& id)
    : server_(server),
      shard_(shard),
      heartbeat_(first_ping(shard, server.options().ping_interval),
                 own_interval(shard, server.options().ping_interval), server.options().ping_timeout),
      id_(id),
      trusted_(!server.distrusts()) {}

Session::~Session() = default;

void Session::begin_polling(web::Exchange& exchange) {
  polling_ = std::make_unique<PollingTransport>(*this);
  const Options& options = server_.options();
  wire::http::Response response;
  response.headers.add("Content-Type", "text/plain; charset=UTF-8");
  response.headers.add("cache-control", "no-store");
  if (options.cookie) {
    response.headers.add("Set-Cookie",
                         *options.cookie + "=" + std::string(id()) + "; Path=/; HttpOnly; SameSite=Lax");
  }
  response.body = server_.open_packet(id(), options.upgrades && options.websocket);
  trace_out(response.body);
  server_.decorate(exchange, response);
  exchange.respond(std::move(response));
}

void Session::begin_websocket(web::Exchange& exchange) {
  const auto deflate = server_.agree_on_deflate(shard_, exchange.request());
  auto upgraded = exchange.upgrade(web::upgrade_response(exchange.request(), deflate));
  if (upgraded.stream == nullptr) {
    state_ = State::closed;
    return;
  }
  upgraded.stream->limit(&server_.options().stream);
  socket_ = std::make_unique<web::WebSocket>(std::move(upgraded.stream), server_.decoder_limits(trusted_),
                                             static_cast<web::WebSocketHandler&>(*this), deflate);
  const std::string open = server_.open_packet(id(), false);
  trace_out(open);
  socket_->send(text_packet(open));
  // The handler must exist before the bytes behind the handshake are read.
  shard_.at_turn_end([this, leftover = std::move(upgraded.leftover)]() mutable {
    if (socket_ != nullptr && socket_->open()) socket_->start(std::move(leftover));
  });
}

void Session::opened(std::unique_ptr<SessionHandler> handler) {
  handler_ = std::move(handler);
  if (state_ != State::opening) return;
  state_ = State::open;
  arm_heartbeat();
}

void Session::arm_heartbeat() {
  const auto delay = std::chrono::ceil<Milliseconds>(heartbeat_.due() - shard_.now());
  shard_.arm_exactly(*this, delay);  // the intervals of sessions differ
}

void Session::ping() {
  if (state_ != State::open || heartbeat_.ping_now(shard_.now()) != Heartbeat::Action::send_ping) return;
  send_ping();
  arm_heartbeat();
}

void Session::send_ping() {
  send(ping_frame());
  if (polling_ != nullptr) polling_->note_ping();
  if (handler_ != nullptr) handler_->on_ping();
}

void Session::send(const SharedBytes& frame) {
  if (state_ != State::open && state_ != State::opening) return;
  ++server_.counters(shard_).packets_out;
  if (trace_ != nullptr) {
    const FrameData shown = data_of(frame);
    if (shown.binary) {
      trace_->binary(PacketTrace::Direction::out, transport(), shown.data.size());
    } else {
      trace_out(shown.data);
    }
  }
  if (socket_ != nullptr) {
    socket_->send(frame);
  } else {
    polling_->send(frame);
  }
}

void Session::trace_out(std::string_view packet) {
  if (trace_ != nullptr) trace_->text(PacketTrace::Direction::out, transport(), packet);
}

void Session::name(std::string_view kind, std::string_view name) {
  if (trace_ == nullptr || trace_->named(kind, name)) return;
  trace_.reset();
  if (handler_ != nullptr) handler_->on_outlet_moved();
}

bool Session::writable() const noexcept {
  if (state_ != State::open) return false;
  return socket_ != nullptr ? socket_->backlog_bytes() == 0 : polling_->writable();
}

std::size_t Session::backlog_bytes() const noexcept {
  if (socket_ != nullptr) return socket_->backlog_bytes();
  return polling_ != nullptr ? polling_->backlog_bytes() : 0;
}

Milliseconds Session::stalled() const noexcept {
  if (socket_ != nullptr) return socket_->stream().stalled();
  return polling_ != nullptr ? polling_->stalled() : Milliseconds{0};
}

net::Unread Session::unread() const noexcept {
  if (socket_ != nullptr) return socket_->stream().unread();
  return polling_ != nullptr ? polling_->unread() : net::Unread{};
}

bool Session::still_takes() const noexcept {
  const bool under_way =
      socket_ != nullptr ? socket_->backlog_bytes() != 0 : polling_ != nullptr && polling_->answering();
  return under_way && stalled() < server_.options().ping_timeout;
}

void Session::on_packet_text(std::string_view text) {
  if (state_ != State::open) return;
  if (trace_ != nullptr) trace_->text(PacketTrace::Direction::in, transport(), text);
  const auto packet = wire::engineio::decode(text);
  if (!packet) {
    close(CloseReason::parse_error);
    return;
  }
  on_packet(*packet);
}

void Session::on_packet(const wire::engineio::Packet& packet) {
  using wire::engineio::PacketType;
  ++server_.counters(shard_).packets_in;
  switch (packet.type) {
    case PacketType::message:
      if (packet.binary) {
        handler_->on_binary(wire::engineio::decode_binary(packet.data));
      } else {
        handler_->on_text(packet.data);
      }
      return;
    case PacketType::pong:
      if (polling_ != nullptr && polling_->ping_waits()) return;  // the client cannot have seen the ping
      on_pong();
      return;
    case PacketType::ping:
      close(CloseReason::transport_error);
      return;
    case PacketType::close:
      closed_by_client();
      return;
    case PacketType::open:
    case PacketType::upgrade:
    case PacketType::noop:
      return;
  }
}

void Session::on_pong() {
  const bool answers = heartbeat_.waiting_for_pong();
  const auto next = heartbeat_.on_pong(shard_.now());
  if (answers && handler_ != nullptr) handler_->on_pong();
  if (state_ != State::open) return;
  if (next == Heartbeat::Action::send_ping) send_ping();
  arm_heartbeat();
}

// The client's poll and its POST travel on two connections, so the poll may arrive after the close packet
// that was sent later. That poll is answered like one that waited, and the POST is answered after it. A
// client that upgrades has stopped polling.
void Session::closed_by_client() {
  if (polling_ == nullptr || polling_->poll_waits() || probe_ != nullptr) {
    end(CloseReason::transport_close);
    return;
  }
  state_ = State::closing_by_client;
  shard_.arm(*this, server_.options().crossing_poll);
  notify_closed(CloseReason::transport_close);
}

void Session::on_message_binary(std::string_view bytes) {
  if (state_ != State::open) return;
  ++server_.counters(shard_).packets_in;
  if (trace_ != nullptr) trace_->binary(PacketTrace::Direction::in, transport(), bytes.size());
  handler_->on_binary(bytes);
}

void Session::on_timer(TimePoint now) {
  if (state_ == State::closing || state_ == State::closing_by_client) {  // no poll came to be told
    end(CloseReason::transport_close);
    return;
  }
  switch (heartbeat_.on_tick(now)) {
    case Heartbeat::Action::none:
      break;
    case Heartbeat::Action::send_ping:
      send_ping();
      break;
    case Heartbeat::Action::close:
      if (still_takes()) {  // the pong cannot come yet, or waits unread
        heartbeat_.wait_longer(now);
        break;
      }
      if (socket_ != nullptr) {
        close(CloseReason::ping_timeout);
      } else {
        end(CloseReason::ping_timeout);
      }
      return;
  }
  arm_heartbeat();
}

void Session::end_if_overdue(TimePoint now) {
  if (state_ == State::open && heartbeat_.waiting_for_pong() && now >= heartbeat_.due()) on_timer(now);
}

void Session::close(CloseReason reason, ws::CloseCode code) {
  if (state_ != State::open) return;
  if (probe_ != nullptr) probe_->cancel();
  if (socket_ != nullptr) {
    socket_->close(code);
    end(reason);
    return;
  }
  if (reason != CloseReason::forced_close) {
    end(reason);
    return;
  }
  state_ = State::closing;
  cancel();
  polling_->close();
  if (state_ == State::closing) shard_.arm(*this, server_.options().close_grace);
  notify_closed(reason);
}

void Session::leave(ws::CloseCode code) {
  if (state_ != State::open) return;
  if (handler_ != nullptr) shard_.attempt([&] { handler_->on_shutdown(); });
  if (state_ != State::open) return;
  if (socket_ == nullptr) polling_->expect_departure();
  close(CloseReason::forced_close, code);
}

void Session::close_without_backlog(ws::CloseCode code) {
  if (state_ != State::open) return;
  if (socket_ != nullptr) {
    if (probe_ != nullptr) probe_->cancel();
    socket_->close_without_backlog(code);
    end(CloseReason::forced_close);
    return;
  }
  polling_->give_up();
  polling_->discard();
  close(CloseReason::forced_close, code);
}

void Session::end(CloseReason reason) {
  if (state_ == State::closed) return;
  const bool told = state_ == State::closing || state_ == State::closing_by_client;
  state_ = State::closed;
  cancel();
  if (probe_ != nullptr) probe_->cancel();
  if (polling_ != nullptr) polling_->end(reason == CloseReason::transport_close ? "6" : "1");
  if (socket_ != nullptr && socket_->open()) socket_->close(ws::CloseCode::none);
  if (!told) notify_closed(reason);
  server_.remove(*this);
}

void Session::notify_closed(CloseReason reason) {
  ++server_.counters(shard_).closed[static_cast<std::size_t>(reason)];
  if (trace_ != nullptr) trace_->closed(reason);
  if (handler_ != nullptr) shard_.attempt([&] { handler_->on_close(reason); });
}

void Session::trust() {
  if (std::exchange(trusted_, true)) return;
  if (socket_ != nullptr) {
    socket_->allow_messages_of(payload_limit());
  } else {
    server_.remember_trusted(*this);
  }
}

std::size_t Session::payload_limit() const noexcept { return server_.decoder_limits(trusted_).message_bytes; }

std::string_view Session::reason_for(std::uint16_t code) {
  const bool too_big = code == static_cast<std::uint16_t>(ws::CloseCode::too_big);
  return too_big && !trusted_ ? std::string_view(server_.options().untrusted_payload_message)
                              : std::string_view();
}

void Session::on_end(web::WebSocketEnd how, std::uint16_t code, std::string_view) {
  server_.count_if_limited(shard_, how, code, passed_payload_limit());
  switch (how) {
    case web::WebSocketEnd::closed_by_peer:
      end(CloseReason::transport_close);
      return;
    case web::WebSocketEnd::dropped:
      end(CloseReason::transport_close);
      return;
    case web::WebSocketEnd::failed:
      end(CloseReason::transport_error);
      return;
    case web::WebSocketEnd::stalled:
      if (server_.options().on_limit_passed) server_.options().on_limit_passed("stalled");
      end(CloseReason::transport_error);
      return;
  }
}

void Session::on_drained() {
  if (state_ == State::open && handler_ != nullptr) handler_->on_drained();
}

void Session::start_upgrade(web::Exchange& exchange) {
  const auto deflate = server_.agree_on_deflate(shard_, exchange.request());
  auto upgraded = exchange.upgrade(web::upgrade_response(exchange.request(), deflate));
  if (upgraded.stream == nullptr) return;
  upgraded.stream->limit(&server_.options().stream);
  auto probe = std::make_unique<UpgradeProbe>(*this, std::move(upgraded.stream),
                                              server_.decoder_limits(trusted_), deflate);
  const bool welcome =
      state_ == State::open && polling_ != nullptr && probe_ == nullptr && server_.options().upgrades;
  if (!welcome) {  // a second WebSocket: the first is not disturbed
    probe->cancel();
    shard_.retire(std::move(probe));
    return;
  }
  probe_ = std::move(probe);
  polling_->go_on_reading();  // a client that upgrades waits for the answer, and polls no more
  if (probe_ != nullptr) probe_->start(std::move(upgraded.leftover));
}

void Session::take_over(std::unique_ptr<web::WebSocket> socket) {
  socket->handle_with(*this);
  socket->allow_messages_of(payload_limit());
  polling_->hand_over(*socket);
  if (trusted_) server_.forget_trusted(*this);  // no more polling bodies
  socket_ = std::move(socket);
  shard_.retire(std::move(polling_));
  probe_ended();
  ++server_.counters(shard_).upgrades;
  if (handler_ != nullptr) {
    handler_->on_upgraded();
    handler_->on_outlet_moved();
  }
  on_drained();
}

void Session::probe_ended() { shard_.retire(std::move(probe_)); }

}  // namespace togglecast::engineio
