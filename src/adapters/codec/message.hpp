// What the servers of a Socket.IO cluster tell each other, whichever adapter carries it. Thread rule: plain
// values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "socketio/broadcast_options.hpp"
#include "socketio/local_node.hpp"
#include "socketio/packets/arguments.hpp"
#include "socketio/recovery.hpp"

namespace togglecast::adapters {

using socketio::Arguments;
using socketio::BroadcastOptions;
using socketio::RemoteSocket;

/// An event for sockets. With a `request_id`, the answers of the clients are wanted.
struct EventMessage {
  Arguments event;  ///< the name first
  BroadcastOptions targets;
  std::string request_id{};
};
struct JoinMessage {
  BroadcastOptions targets;
  std::vector<std::string> rooms;
};
struct LeaveMessage {
  BroadcastOptions targets;
  std::vector<std::string> rooms;
};
struct DisconnectMessage {
  BroadcastOptions targets;
  bool close = false;
};
struct FetchMessage {
  BroadcastOptions targets;
  std::string request_id;
};
/// An event for the other servers. With a `request_id`, their answers are wanted.
struct ServerEventMessage {
  Arguments event;
  std::string request_id{};
};

// Questions that only the classic adapter of Node asks.
struct IdsMessage {  ///< the ids of the sockets in these rooms
  std::vector<std::string> rooms;
  std::string request_id;
};
struct RoomsMessage {  ///< the names of all rooms
  std::string request_id;
};
/// The old form of join, leave and disconnect: one socket, and an answer when it has been done.
struct OneSocketMessage {
  enum class What : std::uint8_t { join, leave, disconnect };
  What what = What::join;
  std::string sid;
  std::string room;
  bool close = false;
  std::string request_id;
};

// Answers.
struct ClientCountAnswer {
  std::string request_id;
  std::size_t clients = 0;
};
struct ClientAnswer {
  std::string request_id;
  Arguments answer;  ///< one value
};
struct SocketsAnswer {
  std::string request_id;
  std::vector<RemoteSocket> sockets;
};
struct ServerAnswer {
  std::string request_id;
  Arguments answer;  ///< one value
};
struct NamesAnswer {  ///< to IdsMessage and RoomsMessage
  std::string request_id;
  bool rooms = false;  ///< else ids of sockets
  std::vector<std::string> names;
};
struct DoneAnswer {  ///< to OneSocketMessage
  std::string request_id;
};

using Body = std::variant<EventMessage, JoinMessage, LeaveMessage, DisconnectMessage, FetchMessage,
                          ServerEventMessage, IdsMessage, RoomsMessage, OneSocketMessage, ClientCountAnswer,
                          ClientAnswer, SocketsAnswer, ServerAnswer, NamesAnswer, DoneAnswer>;

struct Message {
  std::string uid;  ///< of the sender; empty when it does not say
  std::string nsp;
  Body body;
};

/// The sender that is no server: @socket.io/redis-emitter and its like.
inline constexpr const char* kEmitterUid = "emitter";

}  // namespace togglecast::adapters
