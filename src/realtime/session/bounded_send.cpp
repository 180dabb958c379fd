#include "realtime/session/bounded_send.hpp"

#include <utility>

#include "base/random.hpp"

namespace togglecast::realtime {

using socketio::EncodedPacket;
using socketio::Socket;

namespace {

constexpr std::uint64_t kHold = 500;  // milliseconds

bool deliver_within(Socket& socket, const EncodedPacket& packet, bool state) {
  auto* subscriber = socket.state<SocketSubscriber>();
  if (subscriber == nullptr || !socket.connected()) return false;
  const std::size_t backlog = socket.backlog_bytes();
  const auto turn = socket.shard().counters().turns.load(std::memory_order_relaxed);
  const bool fits = state ? subscriber->messages.has_room(backlog)  //
                          : subscriber->messages.take(packet.bytes(), backlog, turn);
  if (fits) {
    socket.send(packet);
  } else if (subscriber->messages.overflow()) {
    turn_away(*subscriber);
  }
  return fits;
}

}  // namespace

bool deliver(Socket& socket, const EncodedPacket& packet) { return deliver_within(socket, packet, false); }
bool deliver_state(Socket& socket, const EncodedPacket& packet) {
  return deliver_within(socket, packet, true);
}

void turn_away(SocketSubscriber& subscriber) {
  if (std::exchange(subscriber.turned_away, true)) return;
  auto& shard = subscriber.socket.shard();
  shard.arm(subscriber, Milliseconds{kHold + random_below(shard.random(), kHold)});
}

}  // namespace togglecast::realtime
