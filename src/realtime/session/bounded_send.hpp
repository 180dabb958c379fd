// How answers and messages are sent to a connection that may not read: within a bound, above which it is
// turned away. Thread rule: the socket's shard.
#pragma once

#include "realtime/session/socket_subscriber.hpp"
#include "socketio/server.hpp"

namespace togglecast::realtime {

/// Sends an answer or a message. A connection that does not take them is turned away once what may wait for
/// it is full. True when it was sent.
bool deliver(socketio::Socket& socket, const socketio::EncodedPacket& packet);
/// Sends a full state. It may be of any size and counts nowhere: the caller waits until the connection has
/// taken the one before (`SocketSubscriber::takes_state`).
void deliver_state(socketio::Socket& socket, const socketio::EncodedPacket& packet);

/// Closes the connection with 1013 in a moment, and not in the same one as all others: a stock client comes
/// back. Until then its requests are refused.
void turn_away(SocketSubscriber& subscriber);

}  // namespace togglecast::realtime
