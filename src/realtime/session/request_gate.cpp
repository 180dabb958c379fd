#include "realtime/session/request_gate.hpp"

#include <string_view>

#include "service/accounts/log_field.hpp"

namespace togglecast::realtime {
namespace {

constexpr std::size_t kLoggedEvent = 64;

}  // namespace

observe::Counter& event_counter(observe::Metrics& metrics, std::string_view nsp) {
  return metrics.counter("togglecast_realtime_events_total", "Events received, by namespace.",
                         {{"namespace", std::string(nsp)}});
}

RequestGate::RequestGate(socketio::Namespace& nsp, const event::Request& login,
                         std::span<const event::Request> requests,
                         const service::Authenticator& authenticator, const Options& options,
                         observe::PeerLog log, observe::Metrics& metrics)
    : nsp_(nsp),
      login_(login),
      requests_(requests),
      authenticator_(authenticator),
      options_(options),
      log_(log),
      events_(event_counter(metrics, nsp.name())),
      limited_(metrics.counter("togglecast_realtime_events_limited_total",
                               "Events refused because a connection sent too many.",
                               {{"namespace", nsp.name()}})),
      reads_limited_(metrics.counter("togglecast_realtime_reads_limited_total",
                                     "Reads by events that were refused because an admin read too much.",
                                     {{"namespace", nsp.name()}})) {
  nsp.filter([this](const socketio::Event& event) { return let_through(event); });
}

bool RequestGate::let_through(const socketio::Event& event) {
  auto* subscriber = event.socket().state<SocketSubscriber>();
  if (subscriber == nullptr) return false;
  events_.add();
  const auto* request = event::find(requests_, event.name());
  const auto error = objection(event, request, *subscriber);
  if (!error) return true;
  const auto cause = subscriber->logged_in ? observe::Cause::known : observe::Cause::stranger;
  log_.write(observe::Level::debug, cause, "event refused",
             {{"nsp", nsp_.name()},
              {"sid", event.socket().id()},
              service::log_field(subscriber->who),
              {"event", std::string_view(event.name()).substr(0, kLoggedEvent)},
              {"code", to_string(error->code)}});
  Reply(event, request == nullptr ? event::Request{} : *request).refuse(*error);
  return false;
}

std::optional<Error> RequestGate::objection(const socketio::Event& event, const event::Request* request,
                                            SocketSubscriber& subscriber) {
  const bool metered = request == nullptr || request->metered;
  const Milliseconds wait =
      metered ? subscriber.meters().packets.take(options_.events, event.socket().shard().now())
              : Milliseconds{0};
  if (wait != Milliseconds{0}) return too_many_events(subscriber, wait);
  if (subscriber.turned_away)
    return Error{Errc::unavailable, "this connection is about to be closed; come back"};
  if (event.name() == login_.name) return std::nullopt;
  if (!subscriber.logged_in)
    return Error{Errc::unauthenticated, "send " + std::string(login_.name) + " with a token first"};
  if (request != nullptr) {
    if (auto allowed = authorize(subscriber, *request->action); !allowed) return allowed.error();
    if (auto taken = take_read(subscriber, request->read_units); !taken) return taken.error();
    return std::nullopt;
  }
  return Error{Errc::not_found, "there is no event '" + event.name().substr(0, kLoggedEvent) + "' on " +
                                    event.socket().nsp().name()};
}

Error RequestGate::too_many_events(const SocketSubscriber& subscriber, Milliseconds wait) const {
  limited_.add();
  log_.limit("--event-rate", service::log_field(subscriber.who));
  return too_fast("too many events on this connection; slow down (--event-rate)", wait).value();
}

Result<void> RequestGate::take_read(const SocketSubscriber& subscriber, unsigned units) {
  if (units == 0 || reads_ == nullptr) return {};
  auto taken = reads_->take(subscriber.who.limit_key(), clock_->now(), units);
  if (taken) return taken;
  reads_limited_.add();
  log_.limit("--read-rate", service::log_field(subscriber.who));
  return taken;
}

// A change of role reaches the shard as a message, which may be behind this event. The token of a client
// always allows the same, and its end arrives in the same way as all that the client sees.
Result<void> RequestGate::authorize(const SocketSubscriber& subscriber, auth::Action action) const {
  if (subscriber.who.kind == service::Principal::Kind::client)
    return service::require(subscriber.who, action);
  const auto who = authenticator_.recheck(subscriber.who);
  return who ? service::require(*who, action) : tl::unexpected(who.error());
}

}  // namespace togglecast::realtime
