#include "realtime/session/bounded_send.hpp"

#include <utility>

#include "base/random.hpp"
#include "service/accounts/log_field.hpp"

namespace togglecast::realtime {

using socketio::EncodedPacket;
using socketio::Socket;

namespace {

constexpr std::uint64_t kHold = 500;  // milliseconds

}  // namespace

bool deliver(Socket& socket, const EncodedPacket& packet) {
  auto* subscriber = socket.state<SocketSubscriber>();
  if (subscriber == nullptr || !socket.connected()) return false;
  const MessageQueue::Waiting waiting{socket.backlog_bytes(), socket.stalled(),
                                      socket.shard().counters().turns.load(std::memory_order_relaxed)};
  const bool fits = subscriber->messages.take(packet.bytes(), waiting, subscriber->message_limit());
  if (fits) {
    socket.send(packet);
  } else if (subscriber->messages.overflow(subscriber->message_limit())) {
    subscriber->message_limit().log.limit("--message-queue", service::log_field(subscriber->who));
    turn_away(*subscriber);
  }
  return fits;
}

void deliver_state(Socket& socket, const EncodedPacket& packet) {
  const auto* subscriber = socket.state<SocketSubscriber>();
  if (subscriber != nullptr && !subscriber->messages.overflowed() && socket.connected()) socket.send(packet);
}

void turn_away(SocketSubscriber& subscriber) {
  if (std::exchange(subscriber.turned_away, true)) return;
  auto& shard = subscriber.socket.shard();
  shard.arm_exactly(subscriber, Milliseconds{kHold + random_below(shard.random(), kHold)});
}

}  // namespace togglecast::realtime
