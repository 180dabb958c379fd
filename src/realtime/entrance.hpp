// The door of a namespace: who is let in, how one logs in later or renews, and when a session is over.
// Admitting happens in one turn of the shard, after all waiting: recheck, take the current state, write it,
// join, remember. Thread rule: registered before the server starts; everything else on the socket's shard.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "observe/log.hpp"
#include "observe/metrics.hpp"
#include "realtime/broadcaster.hpp"
#include "realtime/options.hpp"
#include "realtime/peer.hpp"
#include "service/authenticator.hpp"
#include "socketio/server.hpp"

namespace togglecast::realtime {

/// What both namespaces use. The broadcasters: one per shard, by its index.
struct House {
  const service::Authenticator& authenticator;
  const service::ReadModel& model;
  const std::vector<std::unique_ptr<Broadcaster>>& broadcasters;
  const Clock& clock;
  const Options& options;
  observe::Log& log;
  observe::Metrics& metrics;

  [[nodiscard]] Broadcaster& broadcaster(const socketio::Socket& socket) const {
    return *broadcasters[socket.shard().index()];
  }
};

class Entrance {
 public:
  /// The namespace's own words: who belongs here, the events that log in and that say so, and what admitting
  /// means.
  struct Rules {
    service::Principal::Kind kind;
    std::string_view connect_event;
    std::string_view connected_event;
    std::vector<std::string_view> events;     ///< all that may be sent here
    std::vector<std::string_view> unmetered;  ///< outside the event budget
    /// Joins the rooms and returns the payload of `connected_event`; the peer's `who` is set.
    std::function<Result<json::object>(socketio::Socket&, Peer&)> admit;
  };

  Entrance(socketio::Namespace& nsp, House house, Rules rules);

 private:
  void check(socketio::Socket& socket, const socketio::Next& next);
  void begin(socketio::Socket& socket);
  void login(socketio::Event& event);
  [[nodiscard]] bool let_through(socketio::Event& event);
  [[nodiscard]] Result<service::Principal> identify(std::string_view token) const;
  [[nodiscard]] Result<json::object> admit(socketio::Socket& socket, Peer& peer,
                                           const service::Principal& who);
  void watch_expiry(socketio::Socket& socket, Peer& peer);
  void on_due(socketio::Socket& socket);
  void refused(const socketio::Socket& socket, const Error& error);

  House house_;
  Rules rules_;
  observe::Counter& logins_;
  observe::Counter& limited_;
  observe::Gauge& connected_;
};

}  // namespace togglecast::realtime
