#include "realtime/entrance.hpp"

#include <algorithm>
#include <utility>

#include "base/pooled.hpp"
#include "realtime/emit.hpp"
#include "realtime/events.hpp"
#include "realtime/login.hpp"
#include "service/accounts/log_field.hpp"

namespace togglecast::realtime {

using socketio::Event;
using socketio::Next;
using socketio::Socket;

namespace {

constexpr std::size_t kLoggedName = 64;

}  // namespace

observe::Counter& event_counter(observe::Metrics& metrics, std::string_view nsp) {
  return metrics.counter("togglecast_realtime_events_total", "Events received, by namespace.",
                         {{"namespace", std::string(nsp)}});
}

Entrance::Entrance(socketio::Namespace& nsp, const House& house, Rules rules)
    : nsp_(nsp),
      house_(house),
      rules_(std::move(rules)),
      limit_{house_.options.message_queue,
             house_.metrics.counter("togglecast_realtime_overflows_total",
                                    "Connections closed because too many messages waited for them.",
                                    {{"namespace", nsp.name()}})},
      logins_(house_.metrics.counter("togglecast_realtime_logins_total",
                                     "Connections admitted, by namespace.", {{"namespace", nsp.name()}})),
      events_(event_counter(house_.metrics, nsp.name())),
      limited_(house_.metrics.counter("togglecast_realtime_events_limited_total",
                                      "Events refused because a connection sent too many.",
                                      {{"namespace", nsp.name()}})),
      connected_(house_.metrics.gauge("togglecast_realtime_connections",
                                      "Connections that are logged in, by namespace.",
                                      {{"namespace", nsp.name()}})) {
  nsp.use([this](Socket& socket, const Next& next) { check(socket, next); });
  nsp.on_connection([this](Socket& socket) { begin(socket); });
  nsp.on_disconnect([this](Socket& socket, socketio::DisconnectReason reason) { left(socket, reason); });
  nsp.on_drained([this](Socket& socket) { house_.broadcaster(socket).on_drained(socket); });
  nsp.filter([this](Event& event) { return let_through(event); });
  nsp.on(std::string(rules_.connect.name), [this](Event& event) { login(event); });
}

Result<service::Principal> Entrance::identify(std::string_view token) const {
  auto who = house_.authenticator.authenticate(token);
  if (who && who->kind != rules_.kind) {
    return fail(Errc::forbidden,
                "tokens of " + std::string(service::to_string(who->kind)) + "s do not open this namespace");
  }
  return who;
}

void Entrance::check(Socket& socket, const Next& next) {
  const auto refuse = [&](const Error& error) {
    refused(socket, error);
    next(connect_error(error));
  };
  const auto offsets = wants_offsets(socket);
  if (!offsets) return refuse(offsets.error());

  auto peer = std::allocate_shared<Peer>(PoolAllocator<Peer>(), limit_, [this, &socket] { on_due(socket); });
  peer->offsets = *offsets;
  auto context = context_of(socket.auth());
  if (!context) return refuse(context.error());
  peer->context = *std::move(context);
  const auto token = presented_token(socket);
  if (!token) return refuse(token.error());
  if (token->empty()) {  // it may log in by an event
    socket.set_state(std::move(peer));
    next();
    return;
  }
  auto who = identify(*token);
  if (!who) return refuse(who.error());
  peer->who = *who;
  socket.set_state(std::move(peer));
  const auto newest = house_.model.current(who->environment);
  if (newest == nullptr) return refuse(Error{Errc::token_invalid, "the token's environment does not exist"});
  // What made this token valid may not have reached this shard yet.
  house_.broadcaster(socket).when_reached(who->environment, newest->revision(), [next] { next(); });
}

Result<ContextPtr> Entrance::context_of(const json::value& from) const {
  if (rules_.kind != service::Principal::Kind::client) return ContextPtr{};
  return read_context(from);
}

void Entrance::begin(Socket& socket) {
  auto* peer = socket.state<Peer>();
  const auto* handshake = socket.handshake();
  house_.log.debug("connected", {{"nsp", socket.nsp().name()},
                                 {"sid", socket.id()},
                                 {"address", handshake == nullptr ? "" : handshake->peer.address}});
  if (peer->who.id == 0) {
    socket.shard().arm(*peer, house_.options.login_deadline);
    return;
  }
  const auto who = house_.authenticator.recheck(peer->who);
  auto payload = who ? admit(socket, *peer, *who) : tl::unexpected(who.error());
  if (!payload) {
    refused(socket, payload.error());
    if (payload.error().code == Errc::unavailable) return turn_away(socket, *peer);
    return socket.disconnect();
  }
  deliver_state(socket, plain_packet(socket.nsp().name(), rules_.connect.reply, *std::move(payload)));
  house_.messenger(socket).greet(socket, *peer);
}

void Entrance::login(const Event& event) {
  Socket& socket = event.socket();
  auto* peer = socket.state<Peer>();
  const Reply reply(event, rules_.connect);
  const auto turn_down = [&](const Error& error) {
    refused(socket, error);
    reply.refuse(error);
  };
  const auto request = object_argument(event);
  if (!request) return turn_down(request.error());
  const auto* given = json::find(*request, "token");
  if (given != nullptr && given->is_null()) given = nullptr;
  if (given != nullptr && !given->is_string())
    return turn_down(
        Error{Errc::invalid_argument, "/token must be a string", {{"/token", "must be a string"}}});
  if (given == nullptr && !peer->logged_in)
    return turn_down(Error{Errc::unauthenticated, "a token is needed", {{"/token", "is missing"}}});
  // Without the member, the context stays as it is by then; null ends it.
  std::optional<ContextPtr> context;
  if (json::find(*request, "context") != nullptr) {
    auto read = context_of(*request);
    if (!read) return turn_down(read.error());
    context = *std::move(read);
  }

  auto who = given == nullptr ? house_.authenticator.recheck(peer->who)
                              : identify(std::string_view(given->get_string()));
  if (!who) return turn_down(who.error());
  const std::string environment = who->environment;
  const auto newest = house_.model.current(environment);
  const domain::Revision revision = newest == nullptr ? 0 : newest->revision();
  house_.broadcaster(socket).when_reached(
      environment, revision,
      [this, reply, keep = socket.shared_from_this(), who = *std::move(who), context = std::move(context)] {
        auto* waiting = keep->state<Peer>();
        if (keep->connected() && waiting != nullptr) log_in(*keep, *waiting, who, context, reply);
      });
}

// Another login may have been waiting before this one, and its token may have gone.
void Entrance::log_in(Socket& socket, Peer& peer, const service::Principal& claimed,
                      const std::optional<ContextPtr>& context, const Reply& reply) {
  const auto turn_down = [&](const Error& error) {
    refused(socket, error);
    reply.refuse(error);
  };
  const auto who = house_.authenticator.recheck(claimed);
  if (!who) return turn_down(who.error());
  const bool renews = peer.logged_in;
  if (renews && (who->id != peer.who.id || who->environment != peer.who.environment))
    return turn_down(
        Error{Errc::forbidden, "this connection belongs to somebody else; connect anew to change who it is"});
  if (renews && rules_.kind == service::Principal::Kind::client) {
    const auto may = house_.broadcaster(socket).take_full_state(peer);
    if (!may) return reply.refuse(may.error());
  }
  const ContextPtr before = peer.context;
  if (context) peer.context = *context;
  auto payload = admit(socket, peer, *who);
  if (!payload) {
    peer.context = before;
    turn_down(payload.error());
    if (payload.error().code == Errc::unavailable) turn_away(socket, peer);
    return;
  }
  reply.with_state(*std::move(payload));
  if (!renews) house_.messenger(socket).greet(socket, peer);
}

Result<json::object> Entrance::admit(Socket& socket, Peer& peer, const service::Principal& who) {
  const auto state = house_.broadcaster(socket).current(who.environment);
  if (state == nullptr) return fail(Errc::token_invalid, "the token's environment does not exist");
  const bool renewed = peer.logged_in;
  if (who.kind == service::Principal::Kind::admin) {
    take_role(socket, peer, who);
  } else {
    peer.who = who;
  }
  auto payload = rules_.admit(socket, peer);
  if (!payload) return payload;
  (*payload)["revision"] = state->revision();
  (*payload)["epoch"] = state->head().epoch;
  (*payload)["server_time"] = to_iso8601(house_.clock.wall_now());
  peer.logged_in = true;
  peer.warned = false;
  peer.sent = state->revision();
  peer.behind.reset();
  watch_expiry(socket, peer);
  if (!renewed) {
    logins_.add();
    connected_.add();
    // Admins are few, clients come back by the thousand.
    const bool admin = peer.who.kind == service::Principal::Kind::admin;
    house_.log.write(admin ? observe::Level::info : observe::Level::debug, "logged in",
                     {{"nsp", socket.nsp().name()}, {"sid", socket.id()}, service::log_field(peer.who)});
  }
  return payload;
}

bool Entrance::let_through(const Event& event) {
  auto* peer = event.socket().state<Peer>();
  if (peer == nullptr) return false;
  events_.add();
  const auto* request = event::find(rules_.requests, event.name());
  const auto error = objection(event, request, *peer);
  if (!error) return true;
  house_.log.debug("event refused", {{"nsp", nsp_.name()},
                                     {"sid", event.socket().id()},
                                     service::log_field(peer->who),
                                     {"event", std::string_view(event.name()).substr(0, kLoggedName)},
                                     {"code", to_string(error->code)}});
  Reply(event, request == nullptr ? event::Request{} : *request).refuse(*error);
  return false;
}

std::optional<Error> Entrance::objection(const Event& event, const event::Request* request, Peer& peer) {
  const bool metered = request == nullptr || request->metered;
  if (metered && peer.events.take(house_.options.events, event.socket().shard().now()) != Milliseconds{0}) {
    limited_.add();
    return Error{Errc::rate_limited, "too many events on this connection; slow down"};
  }
  if (peer.turned_away) return Error{Errc::unavailable, "this connection is about to be closed; come back"};
  if (event.name() == rules_.connect.name) return std::nullopt;
  if (!peer.logged_in)
    return Error{Errc::unauthenticated, "send " + std::string(rules_.connect.name) + " with a token first"};
  if (request != nullptr) return std::nullopt;
  return Error{Errc::not_found,
               "there is no event '" + event.name().substr(0, 64) + "' on " + event.socket().nsp().name()};
}

void Entrance::watch_expiry(Socket& socket, Peer& peer) {
  if (peer.turned_away) return;
  const Milliseconds left{peer.who.expires_at.value - house_.clock.wall_now().value};
  const Milliseconds lead = std::min(house_.options.expiry_warning, left / 2);
  socket.shard().arm(peer, std::max(Milliseconds{0}, peer.warned ? left : left - lead));
}

void Entrance::on_due(Socket& socket) {
  auto* peer = socket.state<Peer>();
  if (!socket.connected() || peer == nullptr) return;
  if (peer->turned_away) return socket.close_transport(wire::websocket::CloseCode::try_again_later);
  if (!peer->logged_in) {
    refused(socket, {Errc::unauthenticated, "no token came in time"});
    socket.disconnect();
    return;
  }
  if (house_.clock.wall_now() >= peer->who.expires_at) {
    // Not DISCONNECT: the client comes back at once, by then with a new token.
    socket.close_transport(wire::websocket::CloseCode::policy_violation);
    return;
  }
  if (!std::exchange(peer->warned, true)) {
    json::object payload{{"expires_at", to_iso8601(peer->who.expires_at)}};
    deliver(socket, plain_packet(socket.nsp().name(), event::kTokenExpiring, std::move(payload)));
  }
  watch_expiry(socket, *peer);
}

void Entrance::refused(const Socket& socket, const Error& error) {
  house_.metrics
      .counter("togglecast_realtime_refusals_total", "Logins refused, by namespace and code.",
               {{"namespace", socket.nsp().name()}, {"code", std::string(to_string(error.code))}})
      .add();
  const auto* peer = socket.state<Peer>();
  const service::Principal nobody;
  house_.log.info("login refused", {{"nsp", socket.nsp().name()},
                                    {"sid", socket.id()},
                                    service::log_field(peer == nullptr ? nobody : peer->who),
                                    {"code", to_string(error.code)},
                                    {"reason", error.message}});
}

void Entrance::left(const Socket& socket, socketio::DisconnectReason reason) {
  const auto* peer = socket.state<Peer>();
  if (peer == nullptr) return;
  if (peer->logged_in) connected_.add(-1);
  if (!house_.log.enabled(observe::Level::debug)) return;
  // The code says what became of its token, if that may be why.
  const auto still = house_.authenticator.recheck(peer->who);
  house_.log.debug("disconnected",
                   {{"nsp", socket.nsp().name()},
                    {"sid", socket.id()},
                    service::log_field(peer->who),
                    {"reason", peer->messages.overflowed() ? "did not take its messages" : to_string(reason)},
                    {"code", peer->logged_in && !still ? to_string(still.error().code) : ""}});
}

}  // namespace togglecast::realtime
