#include "realtime/session/connection_auth.hpp"
#include "realtime/session/connection_meters.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "base/pooled.hpp"
#include "domain/evaluation/unusable_context.hpp"
#include "realtime/protocol/packets.hpp"
#include "realtime/session/bounded_send.hpp"
#include "realtime/session/credentials.hpp"
#include "realtime/session/token_expiry.hpp"
#include "service/accounts/log_field.hpp"

namespace togglecast::realtime {

using service::Principal;
using socketio::Next;
using socketio::Socket;

namespace {

RareNotes& notes(SocketSubscriber& subscriber) {
  auto& notes = subscriber.seldom().notes;
  if (notes == nullptr) notes = std::make_unique<RareNotes>();
  return *notes;
}

// A context that replaced the dropped one ends its warnings.
json::array warnings_to_tell(const SocketSubscriber& subscriber) {
  const RareNotes* notes = subscriber.notes();
  if (notes == nullptr) return {};
  json::array told = notes->others;
  if (subscriber.context() == domain::evaluation::unusable_context())
    told.insert(told.end(), notes->context.begin(), notes->context.end());
  return told;
}

// For the log. What a connection was given up with tells more than the words of Socket.IO.
std::string words_of(const SocketSubscriber& subscriber, socketio::DisconnectReason reason) {
  using socketio::DisconnectReason;
  std::string words =
      subscriber.messages.overflowed() ? "did not take its messages" : std::string(to_string(reason));
  const net::Unread unread = subscriber.socket.unread();
  const bool given_up =
      reason == DisconnectReason::transport_error || reason == DisconnectReason::forced_close;
  if (unread.bytes == 0 || !given_up) return words;
  if (!subscriber.messages.overflowed()) words = "stalled";
  return words + ": it had taken none of " + std::to_string(unread.bytes) + " bytes for " +
         std::to_string(unread.time.count()) + " ms";
}

}  // namespace

ConnectionAuth::ConnectionAuth(socketio::Namespace& nsp, const AuthParts& parts, Rules rules)
    : parts_(parts),
      rules_(std::move(rules)),
      limit_{parts.options.message_queue, parts.options.reader_patience,
             parts.metrics.counter("togglecast_realtime_overflows_total",
                                   "Connections closed because too many messages waited for them.",
                                   {{"namespace", nsp.name()}}),
             parts.log},
      logins_(parts.metrics.counter("togglecast_realtime_logins_total", "Connections admitted, by namespace.",
                                    {{"namespace", nsp.name()}})),
      namespace_(nsp.name()) {
  for (std::size_t i = 0; i < resumes_.size(); ++i) {
    const auto result = to_string(static_cast<delivery::ResumeResult>(i));
    resumes_[i] = &parts_.metrics.counter("togglecast_realtime_resumes_total",
                                          "Connections that presented a session, by namespace and result.",
                                          {{"namespace", nsp.name()}, {"result", std::string(result)}});
  }
  nsp.use([this](Socket& socket, const Next& next) { check(socket, next); });
  nsp.on_connection([this](Socket& socket) { begin(socket); });
  nsp.on_disconnecting([](Socket& socket, socketio::DisconnectReason) {
    if (auto* subscriber = socket.state<SocketSubscriber>()) delivery::SubscriberIndex::leave(*subscriber);
  });
  nsp.on_disconnect([this](Socket& socket, socketio::DisconnectReason reason) { left(socket, reason); });
  nsp.on_drained([this](Socket& socket) {
    if (auto* subscriber = socket.state<SocketSubscriber>()) on_drained(*subscriber);
  });
  nsp.on(std::string(rules_.login.name), [this](const socketio::Event& event) { login(event); });
}

Result<Principal> ConnectionAuth::identify(std::string_view token, std::string_view address) const {
  auto who = parts_.authenticator.authenticate(token, address);
  if (!who) return who;
  const bool machine = who->kind == Principal::Kind::machine;
  if (machine && rules_.kind != Principal::Kind::admin)
    return fail(Errc::forbidden, "API keys do not open this namespace");
  if (!machine && who->kind != rules_.kind) {
    return fail(Errc::forbidden,
                "tokens of " + std::string(service::to_string(who->kind)) + "s do not open this namespace");
  }
  if (auto allowed = service::require(*who, *rules_.login.action); !allowed)
    return tl::unexpected(allowed.error());
  return who;
}

// The handshake is dropped after a while. A login by event comes before that.
std::string ConnectionAuth::address_of(const Socket& socket) {
  const auto* subscriber = socket.state<SocketSubscriber>();
  if (subscriber != nullptr && subscriber->notes() != nullptr && !subscriber->notes()->address.empty())
    return subscriber->notes()->address;
  const auto* handshake = socket.handshake();
  return handshake == nullptr ? std::string() : handshake->peer.address;
}

void ConnectionAuth::identify(Socket& socket, const std::string& token, Identified then) const {
  const std::string address = address_of(socket);
  auto who = identify(token, address);
  if (who) return then(std::move(who));
  const bool looks = parts_.authenticator.look_again(
      token, net::posted_to(socket.shard(), [this, keep = socket.shared_from_this(), token, address, then] {
        if (!keep->ended()) then(identify(token, address));
      }));
  if (!looks) then(std::move(who));
}

Result<ContextPtr> ConnectionAuth::context_of(const json::value& from) const {
  if (rules_.kind != Principal::Kind::client) return ContextPtr{};
  return read_context(from);
}

ContextPtr ConnectionAuth::context_at_connect(SocketSubscriber& subscriber, const json::value& from) const {
  auto context = context_of(from);
  if (context) return *std::move(context);
  notes(subscriber).context = warnings_of(context.error());
  parts_.log.debug("context dropped", {{"sid", subscriber.socket.id()}, {"reason", context.error().message}});
  return domain::evaluation::unusable_context();
}

void ConnectionAuth::check(Socket& socket, const Next& next) {
  const auto refuse = [&](const Error& error) {
    refused(socket, error);
    next(connect_error(error));
  };
  const auto offsets = wants_offsets(socket);
  auto subscriber = std::allocate_shared<SocketSubscriber>(
      PoolAllocator<SocketSubscriber>(), socket, static_cast<SubscriberKeeper&>(*this),
      packet_encoder(rules_.receiver(), PacketEncoder::Offsets{offsets.value_or(true)}));
  if (!offsets) notes(*subscriber).others = warnings_of(offsets.error());
  if (const auto sdk = sdk_in(socket.auth()); !sdk) {
    auto& others = notes(*subscriber).others;
    for (json::value& warning : warnings_of(sdk.error())) others.push_back(std::move(warning));
  }
  subscriber->set_context(context_at_connect(*subscriber, socket.auth()));
  const auto token = presented_token(socket);
  if (!token) return refuse(token.error());
  if (token->empty()) {  // it may log in by an event
    socket.accept_attachments(false);
    socket.set_state(std::move(subscriber));
    next();
    return;
  }
  identify(socket, *token, [this, &socket, subscriber, next](const Result<Principal>& who) {
    const auto newest = who ? parts_.model.current(who->environment) : nullptr;
    if (newest == nullptr) {
      const Error error =
          who ? Error{Errc::token_invalid, "the token's environment does not exist", {}} : who.error();
      if (error.code == Errc::unavailable) {  // CONNECT_ERROR would stop the client for good
        subscriber->seldom().seen_view = std::make_unique<SeenView>(SeenView{{}, {}, error});
        socket.accept_attachments(false);
        socket.set_state(subscriber);
        return next();
      }
      refused(socket, error);
      return next(connect_error(error));
    }
    subscriber->who = *who;
    socket.set_state(subscriber);
    // What made this token valid may not have reached this shard yet.
    parts_.delivery(socket).when_reached(who->environment, newest->revision(),
                                         [this, keep = socket.shared_from_this(), next] {
                                           if (!keep->ended()) start(*keep->state<SocketSubscriber>(), next);
                                         });
  });
}

void ConnectionAuth::prepare(SocketSubscriber& subscriber, const Claim& claim,
                             std::function<void(ViewPtr)> then, std::function<void()> superseded) {
  if (!rules_.prepare) return then(nullptr);
  rules_.prepare(subscriber, claim, std::move(then), std::move(superseded));
}

void ConnectionAuth::begin(Socket& socket) {
  auto& subscriber = *socket.state<SocketSubscriber>();
  const auto* handshake = socket.handshake();
  const auto cause = subscriber.who.id == 0 ? observe::Cause::stranger : observe::Cause::known;
  parts_.log.write(observe::Level::debug, cause, "connected",
                   {{"nsp", socket.nsp().name()},
                    {"sid", socket.id()},
                    {"address", handshake == nullptr ? "" : handshake->peer.address}});
  if (subscriber.who.id == 0 && subscriber.seen_view() != nullptr) {
    refused(socket, *subscriber.seen_view()->limit);
    return turn_away(subscriber);
  }
  if (subscriber.who.id == 0) {
    socket.shard().arm(subscriber, parts_.options.login_deadline);
    return;
  }
  const auto who = parts_.authenticator.recheck(subscriber.who);
  const ViewPtr view = subscriber.take_seen_view();
  const bool as_claimed = !who || !subscriber.pid || who->role == subscriber.who.role;
  auto payload = !who                             ? tl::unexpected(who.error())
                 : view != nullptr && view->limit ? tl::unexpected(*view->limit)
                 : !as_claimed  // its pid is of the role before
                     ? fail(Errc::unavailable, "the role of this admin has just changed; connect again")
                     : admit(subscriber, {*who, subscriber.context(), view.get()});
  if (!payload) {
    const Error& error = payload.error();
    refused(socket, error);
    if (error.code == Errc::unavailable || error.code == Errc::rate_limited) return turn_away(subscriber);
    return end_session(subscriber, {to_string(error.code), error.message});
  }
  if (view != nullptr && view->resumed != nullptr) {
    tell_resumed(subscriber, *std::move(payload), *view);
  } else {
    const auto& state = view != nullptr ? view->seen.state : subscriber.home().state;
    const std::string offset = subscriber.own_offset(*state);
    deliver_state(socket, view == nullptr || view->text == nullptr
                              ? config_packet(namespace_, rules_.login.reply, *std::move(payload), offset)
                              : view_packet(namespace_, rules_.login.reply,
                                            with_view({}, *view->text, *payload, offset)));
  }
  if (socket.connected()) rules_.welcome(subscriber);
}

Result<void> ConnectionAuth::take_state(SocketSubscriber& subscriber) const {
  return rules_.kind == Principal::Kind::client ? take_work(subscriber) : Result<void>{};
}

Result<void> ConnectionAuth::take_work(SocketSubscriber& subscriber) const {
  if (!std::exchange(subscriber.meters().had_state, true)) return {};
  return parts_.delivery(subscriber.socket).take_full_state(subscriber);
}

observe::Gauge& ConnectionAuth::connected(const std::string& environment) const {
  return connections_gauge(parts_.metrics, namespace_, environment);
}

Result<json::object> ConnectionAuth::admit(SocketSubscriber& subscriber, const Claim& claim) {
  Socket& socket = subscriber.socket;
  const auto state =
      claim.view != nullptr ? claim.view->seen.state : parts_.delivery(socket).current(claim.who.environment);
  if (state == nullptr) return fail(Errc::token_invalid, "the token's environment does not exist");
  auto payload = rules_.admit(subscriber, claim);
  if (!payload) return payload;
  if (claim.view != nullptr && claim.view->resumed != nullptr) payload->clear();  // it knows
  (*payload)["revision"] = state->revision();
  (*payload)["epoch"] = state->head().epoch;
  (*payload)["server_time"] = to_iso8601(parts_.clock.wall_now());
  if (auto told = warnings_to_tell(subscriber); !told.empty()) (*payload)["warnings"] = std::move(told);
  socket.accept_attachments(true);
  socket.trust_connection();
  if (claim.who.kind == Principal::Kind::machine) notes(subscriber).address = address_of(socket);
  subscriber.who = claim.who;
  subscriber.warned = false;
  socket.name_connection(service::to_string(claim.who.kind), claim.who.name);
  watch_expiry(subscriber);
  if (!std::exchange(subscriber.logged_in, true)) {
    note_origin(subscriber);
    logins_.add();
    connected(claim.who.environment).add();
    // Admins are few, clients come back by the thousand.
    const bool admin = rules_.kind == Principal::Kind::admin;
    parts_.log.write(
        admin ? observe::Level::info : observe::Level::debug, observe::Cause::known, "logged in",
        {{"nsp", socket.nsp().name()}, {"sid", socket.id()}, service::log_field(subscriber.who)});
  }
  return payload;
}

void ConnectionAuth::note_origin(SocketSubscriber& subscriber) const {
  const auto* handshake = subscriber.socket.handshake();
  ConnectionOrigin& origin = subscriber.origin;
  origin.set_since(handshake == nullptr ? parts_.clock.wall_now() : handshake->issued);
  if (handshake != nullptr) origin.set_address(handshake->peer.address);
  // Not of a login by event: the auth object is gone by then.
  if (const auto sdk = sdk_in(subscriber.socket.auth())) origin.sdk = parts_.sdks.number_of(*sdk);
}

void ConnectionAuth::watch_expiry(SocketSubscriber& subscriber) {
  if (subscriber.turned_away) return;
  if (subscriber.who.expires_at == Principal::kNever) return subscriber.cancel();
  const Milliseconds left{subscriber.who.expires_at.value - parts_.clock.wall_now().value};
  net::Shard& shard = subscriber.socket.shard();
  if (subscriber.warned) return shard.arm(subscriber, std::max(Milliseconds{0}, left));
  shard.arm_exactly(subscriber, warn_after(left, parts_.options.expiry_warning, shard.jitter()));
}

void ConnectionAuth::on_due(SocketSubscriber& subscriber) {
  Socket& socket = subscriber.socket;
  const auto keep = socket.shared_from_this();
  if (!socket.connected() && subscriber.turned_away && !socket.ended())  // its CONNECT was not answered
    return socket.close_transport(wire::websocket::CloseCode::try_again_later);
  if (!socket.connected()) return;
  if (subscriber.messages.overflowed())
    return socket.close_transport_without_backlog(wire::websocket::CloseCode::try_again_later);
  if (subscriber.turned_away) return socket.close_transport(wire::websocket::CloseCode::try_again_later);
  if (!subscriber.logged_in && subscriber.evaluation() != nullptr)  // it waits for us
    return socket.shard().arm(subscriber, parts_.options.login_deadline);
  if (!subscriber.logged_in) {
    const std::string message = "no token came in time; send one as auth.token when you connect, or with " +
                                std::string(rules_.login.name);
    refused(socket, {Errc::unauthenticated, message});
    end_session(subscriber, {"no_token", message});
    return;
  }
  if (parts_.clock.wall_now() >= subscriber.who.expires_at) {
    // Not DISCONNECT: the client comes back at once, by then with a new token.
    socket.close_transport(wire::websocket::CloseCode::policy_violation);
    return;
  }
  if (!std::exchange(subscriber.warned, true)) {
    json::object payload{{"expires_at", to_iso8601(subscriber.who.expires_at)}};
    deliver(socket, plain_packet(socket.nsp().name(), event::kTokenExpiring, std::move(payload)));
  }
  watch_expiry(subscriber);
}

void ConnectionAuth::recheck(SocketSubscriber& subscriber, const domain::Snapshot& state) {
  if (!parts_.authenticator.accepts_key_of(subscriber.who))
    return end_session(subscriber, {"revoked", "the key that signed the token was retired; get a new token"});
  const std::string_view address =
      subscriber.notes() == nullptr ? std::string_view() : std::string_view(subscriber.notes()->address);
  const auto still = parts_.authenticator.recheck_in(subscriber.who, state, address);
  if (!still && still.error().code == Errc::token_expired) {
    subscriber.socket.close_transport(
        wire::websocket::CloseCode::policy_violation);  // a moment before its timer
  } else if (!still || !still->may(*rules_.login.action)) {
    // DISCONNECT: as it is, it may not come back; with the same token it will be told why.
    end_session(subscriber, service::end_of_session(subscriber.who, state, parts_.clock.wall_now()));
  } else if (subscriber.is_machine()) {
    const bool same_end = still->expires_at == subscriber.who.expires_at;
    subscriber.who = *still;
    if (same_end) return;
    subscriber.warned = false;
    watch_expiry(subscriber);
  } else if (rules_.kind == Principal::Kind::admin && still->role != subscriber.who.role) {
    subscriber.who = *still;
    subscriber.set_role(still->role);
    role_changed(subscriber);
    if (rules_.role_changed) rules_.role_changed(subscriber);
  }
}

void ConnectionAuth::end_session(SocketSubscriber& subscriber, const service::SessionEnd& end) const {
  const auto keep = subscriber.socket.shared_from_this();
  deliver(*keep, plain_packet(keep->nsp().name(), event::kSessionEnded,
                              {{"reason", end.reason},
                               {"message", end.message},
                               {"timestamp", to_iso8601(parts_.clock.wall_now())}}));
  keep->disconnect();
}

void ConnectionAuth::on_drained(SocketSubscriber& subscriber) {
  if (subscriber.waiting_logins() != nullptr) {
    const auto keep = subscriber.socket.shared_from_this();
    go_on_with_logins(subscriber);
    if (!keep->connected()) return;
  }
  parts_.delivery(subscriber.socket).on_drained(subscriber);
}

void ConnectionAuth::refused(const Socket& socket, const Error& error) {
  parts_.metrics
      .counter("togglecast_realtime_refusals_total", "Logins refused, by namespace and code.",
               {{"namespace", socket.nsp().name()}, {"code", std::string(to_string(error.code))}})
      .add();
  const auto* subscriber = socket.state<SocketSubscriber>();
  const Principal nobody;
  parts_.log.info("login refused", {{"nsp", socket.nsp().name()},
                                    {"sid", socket.id()},
                                    service::log_field(subscriber == nullptr ? nobody : subscriber->who),
                                    {"code", to_string(error.code)},
                                    {"reason", error.message}});
}

void ConnectionAuth::left(const Socket& socket, socketio::DisconnectReason reason) {
  const auto* subscriber = socket.state<SocketSubscriber>();
  if (subscriber == nullptr) return;
  if (subscriber->logged_in) connected(subscriber->who.environment).add(-1);
  if (!parts_.log.enabled(observe::Level::debug)) return;
  // The code tells what became of its token, if that may be why.
  const auto still = parts_.authenticator.recheck(subscriber->who);
  const auto cause = subscriber->logged_in ? observe::Cause::known : observe::Cause::stranger;
  parts_.log.write(observe::Level::debug, cause, "disconnected",
                   {{"nsp", socket.nsp().name()},
                    {"sid", socket.id()},
                    service::log_field(subscriber->who),
                    {"reason", words_of(*subscriber, reason)},
                    {"code", subscriber->logged_in && !still ? to_string(still.error().code) : ""}});
}

}  // namespace togglecast::realtime
