// The answer to one request. Thread rule: the socket's shard, except `resume`.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "base/error.hpp"
#include "base/json.hpp"
#include "realtime/protocol/events.hpp"
#include "realtime/protocol/packets.hpp"
#include "socketio/server.hpp"

namespace togglecast::realtime {

/// Goes through the request's acknowledgement when it asked for one, else with its reply event. May be kept
/// for later: when the connection is gone by then, nothing happens.
class Reply {
 public:
  Reply(const socketio::Event& event, const event::Request& request);

  void operator()(json::object payload) const { send(std::move(payload), false, {}); }
  /// The answer as JSON text, an object.
  void text(std::string_view payload) const;
  /// The answer is a full state. `offset`: behind it, unless it is an acknowledgement; may be empty.
  void with_state(json::object payload, std::string_view offset) const {
    send(std::move(payload), true, offset);
  }
  /// The answer's member `member` is the bytes of `frame` (`EncodedPacket::frame`).
  void with_bytes(json::object payload, std::string_view member, const SharedBytes& frame) const;
  /// The same with a view in front, the text of its members.
  void with_view(std::string_view view, const json::object& payload, std::string_view offset) const;
  /// Whether this very request waits for an answer, so that the answer to a later one does not do for it.
  [[nodiscard]] bool is_acknowledgement() const noexcept { return ack_.wanted(); }
  void refuse(const Error& error) const { send(error_object(error), false, {}); }
  /// From any thread: runs `task` on the socket's shard, if the socket is still connected then.
  void resume(std::function<void()> task) const;

 private:
  void send(json::object payload, bool state, std::string_view offset) const;

  std::weak_ptr<socketio::Socket> socket_;
  net::Shard* shard_;
  socketio::Ack ack_;
  std::string_view event_;
};

}  // namespace togglecast::realtime
