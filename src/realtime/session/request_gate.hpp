// What passes from a connection to the handlers of its namespace: events that exist there, from connections
// that are logged in and may send them, at the rate that is allowed. An admin's role and an API key's scopes
// are those of the newest state, at each event. Thread rule: registered before the server starts;
// everything else on the socket's shard.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "observe/metrics.hpp"
#include "observe/peer_log.hpp"
#include "realtime/protocol/events.hpp"
#include "realtime/session/options.hpp"
#include "realtime/session/reply.hpp"
#include "realtime/session/socket_subscriber.hpp"
#include "service/accounts/admin_rates.hpp"
#include "service/accounts/authenticator.hpp"
#include "socketio/server.hpp"

namespace togglecast::realtime {

/// Counts what is received on a namespace.
[[nodiscard]] observe::Counter& event_counter(observe::Metrics& metrics, std::string_view nsp);

class RequestGate {
 public:
  /// `login` is the one of `requests` that passes before a login.
  RequestGate(socketio::Namespace& nsp, const event::Request& login, std::span<const event::Request> requests,
              const service::Authenticator& authenticator, const Options& options, observe::PeerLog log,
              observe::Metrics& metrics);
  RequestGate(const RequestGate&) = delete;
  RequestGate& operator=(const RequestGate&) = delete;

  /// From now on, reads of admins cost what `Request::read_units` says. Before the server starts; both must
  /// outlive the shards.
  void meter_reads(service::AdminRates& reads, const Clock& clock) noexcept {
    reads_ = &reads;
    clock_ = &clock;
  }

  /// `handler` answers this request of connections that are logged in.
  template <typename Owner>
  void on(const event::Request& request, Owner* owner,
          void (Owner::*handler)(const socketio::Event&, SocketSubscriber&, const Reply&)) {
    nsp_.on(std::string(request.name), [owner, handler, request](const socketio::Event& event) {
      (owner->*handler)(event, *event.socket().state<SocketSubscriber>(), Reply(event, request));
    });
  }

 private:
  [[nodiscard]] bool let_through(const socketio::Event& event);
  /// What keeps an event from its handler; nothing when it may pass.
  [[nodiscard]] std::optional<Error> objection(const socketio::Event& event, const event::Request* request,
                                               SocketSubscriber& subscriber);
  [[nodiscard]] Error too_many_events(const SocketSubscriber& subscriber, Milliseconds wait) const;
  [[nodiscard]] Result<void> take_read(const SocketSubscriber& subscriber, unsigned units);
  [[nodiscard]] Result<void> authorize(const SocketSubscriber& subscriber, auth::Action action) const;

  socketio::Namespace& nsp_;
  event::Request login_;
  std::span<const event::Request> requests_;
  const service::Authenticator& authenticator_;
  const Options& options_;
  observe::PeerLog log_;
  observe::Counter& events_;
  observe::Counter& limited_;
  observe::Counter& reads_limited_;
  service::AdminRates* reads_ = nullptr;  // null: reads cost nothing
  const Clock* clock_ = nullptr;          // there with `reads_`
};

}  // namespace togglecast::realtime
