// The two shapes of everything we send, and how answers and messages are sent. State events end in an object
// and the offset string; all others end in an object: the stock client takes any trailing string for its
// offset. Thread rule: pure functions; what takes a socket, and `Reply`, on the socket's shard.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/json.hpp"
#include "domain/state/offset.hpp"
#include "realtime/events.hpp"
#include "realtime/peer.hpp"
#include "socketio/server.hpp"

namespace togglecast::realtime {

/// A state event. `offset` none: not the last of its batch, or for a connection that wants none.
[[nodiscard]] socketio::Arguments config_event(std::string_view event, json::object payload,
                                               const std::optional<domain::Offset>& offset);
/// Any other event.
[[nodiscard]] socketio::Arguments plain_event(std::string_view event, json::object payload);
/// The same as a packet of `nsp`.
[[nodiscard]] socketio::EncodedPacket plain_packet(std::string_view nsp, std::string_view event,
                                                   json::object payload);

/// `{error: {code, message, details?}}`
[[nodiscard]] json::object error_object(const Error& error);

/// Closes the connection with 1013 in a moment, not in the same one as all others: a stock client comes back.
/// Until then its requests are refused.
void turn_away(socketio::Socket& socket, Peer& peer);

/// Sends an answer or a message. Whoever does not take them is turned away once what may wait for a
/// connection is full. True when it was sent.
bool deliver(socketio::Socket& socket, const socketio::EncodedPacket& packet);
/// The same for a whole state, which may be of any size unless too much waits already.
bool deliver_state(socketio::Socket& socket, const socketio::EncodedPacket& packet);

/// The one answer to a request: through its acknowledgement when it asked for one, else with its reply event.
/// May be kept for later: whoever asked may be gone by then, and nothing happens.
class Reply {
 public:
  Reply(const socketio::Event& event, const event::Request& request);

  void operator()(json::object payload) const { send(std::move(payload), false); }
  /// The answer is a whole state.
  void with_state(json::object payload) const { send(std::move(payload), true); }
  void refuse(const Error& error) const { send(error_object(error), false); }
  /// From any thread: runs `task` on the socket's shard, if the socket is still connected then.
  void resume(std::function<void()> task) const;

 private:
  void send(json::object payload, bool state) const;

  std::weak_ptr<socketio::Socket> socket_;
  net::Shard* shard_;
  socketio::Ack ack_;
  std::string_view event_;
};

/// The one argument, an object; an error that says so when something else was sent. A missing argument counts
/// as `{}`.
[[nodiscard]] Result<json::value> object_argument(const socketio::Event& event);
/// For a request that says nothing: no argument, or `{}`.
[[nodiscard]] Result<void> no_argument(const socketio::Event& event);

}  // namespace togglecast::realtime
