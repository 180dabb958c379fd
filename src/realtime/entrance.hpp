// The door of a namespace: who is let in, how one logs in later or renews, and when a session is over.
// Admitting happens in one turn of the shard, after all waiting: recheck, take the current state, write it,
// join, remember. Thread rule: registered before the server starts; everything else on the socket's shard.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "observe/log.hpp"
#include "observe/metrics.hpp"
#include "realtime/broadcaster.hpp"
#include "realtime/dashboard.hpp"
#include "realtime/emit.hpp"
#include "realtime/events.hpp"
#include "realtime/message_dispatcher.hpp"
#include "realtime/messenger.hpp"
#include "realtime/options.hpp"
#include "realtime/peer.hpp"
#include "realtime/watchers.hpp"
#include "service/accounts/authenticator.hpp"
#include "service/history/activity.hpp"
#include "socketio/server.hpp"

namespace togglecast::realtime {

/// What both namespaces use.
struct House {
  const service::Authenticator& authenticator;
  const changes::ReadModel& model;
  service::ActivityService& activity;
  const Broadcasters& broadcasters;
  const Messengers& messengers;
  MessageDispatcher& broadcasts;
  Dashboard& dashboard;
  Watchers& watchers;
  const Clock& clock;
  const Options& options;
  observe::Log& log;
  observe::Metrics& metrics;

  [[nodiscard]] Broadcaster& broadcaster(const socketio::Socket& socket) const {
    return *broadcasters[socket.shard().index()];
  }
  [[nodiscard]] Messenger& messenger(const socketio::Socket& socket) const {
    return *messengers[socket.shard().index()];
  }
};

/// Counts what is received on a namespace.
[[nodiscard]] observe::Counter& event_counter(observe::Metrics& metrics, std::string_view nsp);

class Entrance {
 public:
  /// The namespace's own words: who belongs here, the event that logs in, all that may be sent here, and
  /// what admitting means.
  struct Rules {
    service::Principal::Kind kind;
    event::Request connect;
    std::span<const event::Request> requests;
    /// Joins the rooms and returns the payload of the reply to `connect`; the peer's `who` and `context` are
    /// set.
    std::function<Result<json::object>(socketio::Socket&, Peer&)> admit;
  };

  Entrance(socketio::Namespace& nsp, const House& house, Rules rules);

  /// `handler` answers this request, of those who are logged in.
  template <typename Owner>
  void on(const event::Request& request, const Owner* owner,
          void (Owner::*handler)(const socketio::Event&, Peer&, const Reply&) const) {
    nsp_.on(std::string(request.name), [owner, handler, request](const socketio::Event& event) {
      (owner->*handler)(event, *event.socket().state<Peer>(), Reply(event, request));
    });
  }

 private:
  void check(socketio::Socket& socket, const socketio::Next& next);
  void begin(socketio::Socket& socket);
  void login(const socketio::Event& event);
  /// After all waiting: logs in, or renews who is already here.
  void log_in(socketio::Socket& socket, Peer& peer, const service::Principal& claimed,
              const std::optional<ContextPtr>& context, const Reply& reply);
  [[nodiscard]] bool let_through(const socketio::Event& event);
  /// What keeps an event from its handler; nothing when it may pass.
  [[nodiscard]] std::optional<Error> objection(const socketio::Event& event, const event::Request* request,
                                               Peer& peer);
  [[nodiscard]] Result<ContextPtr> context_of(const json::value& from) const;
  [[nodiscard]] Result<service::Principal> identify(std::string_view token) const;
  [[nodiscard]] Result<json::object> admit(socketio::Socket& socket, Peer& peer,
                                           const service::Principal& who);
  void watch_expiry(socketio::Socket& socket, Peer& peer);
  void on_due(socketio::Socket& socket);
  void refused(const socketio::Socket& socket, const Error& error);
  void left(const socketio::Socket& socket, socketio::DisconnectReason reason);

  socketio::Namespace& nsp_;
  const House& house_;
  Rules rules_;
  MessageLimit limit_;
  observe::Counter& logins_;
  observe::Counter& events_;
  observe::Counter& limited_;
  observe::Gauge& connected_;
};

}  // namespace togglecast::realtime
