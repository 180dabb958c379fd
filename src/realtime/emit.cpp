#include "realtime/emit.hpp"

#include <utility>

#include "base/random.hpp"
#include "domain/schema/fields.hpp"

namespace togglecast::realtime {

using socketio::EncodedPacket;
using socketio::Socket;

namespace {

constexpr std::uint64_t kHold = 500;  // milliseconds

bool deliver(Socket& socket, const EncodedPacket& packet, bool state) {
  auto* peer = socket.state<Peer>();
  if (peer == nullptr || !socket.connected()) return false;
  const std::size_t backlog = socket.backlog_bytes();
  const auto turn = socket.shard().counters().turns.load(std::memory_order_relaxed);
  const bool fits = state ? peer->messages.has_room(backlog)  //
                          : peer->messages.take(packet.bytes(), backlog, turn);
  if (fits) {
    socket.send(packet);
  } else if (peer->messages.overflow()) {
    turn_away(socket, *peer);
  }
  return fits;
}

}  // namespace

void turn_away(Socket& socket, Peer& peer) {
  if (std::exchange(peer.turned_away, true)) return;
  auto& shard = socket.shard();
  shard.arm(peer, Milliseconds{kHold + random_below(shard.random(), kHold)});
}

socketio::Arguments plain_event(std::string_view event, json::object payload) {
  return socketio::with_name(event, socketio::arguments(std::move(payload)));
}

EncodedPacket plain_packet(std::string_view nsp, std::string_view event, json::object payload) {
  return EncodedPacket::event(nsp, plain_event(event, std::move(payload)));
}

socketio::Arguments config_event(std::string_view event, json::object payload,
                                 const std::optional<domain::Offset>& offset) {
  auto args = plain_event(event, std::move(payload));
  if (offset) args.values.emplace_back(domain::to_string(*offset));
  return args;
}

json::object error_object(const Error& error) {
  json::object body{{"code", to_string(error.code)}, {"message", error.message}};
  if (!error.details.empty()) {
    json::array details;
    for (const auto& issue : error.details)
      details.push_back(json::object{{"pointer", issue.pointer}, {"reason", issue.reason}});
    body["details"] = std::move(details);
  }
  return {{"error", std::move(body)}};
}

bool deliver(Socket& socket, const EncodedPacket& packet) { return deliver(socket, packet, false); }
bool deliver_state(Socket& socket, const EncodedPacket& packet) { return deliver(socket, packet, true); }

Reply::Reply(const socketio::Event& event, const event::Request& request)
    : socket_(event.socket().shared_from_this()),
      shard_(&event.socket().shard()),
      ack_(event.acknowledgement()),
      event_(request.reply) {}

void Reply::send(json::object payload, bool state) const {
  const auto socket = socket_.lock();
  if (socket == nullptr || !socket->connected()) return;
  if (ack_.wanted()) {
    if (const auto packet = ack_.encode(socketio::arguments(std::move(payload))))
      deliver(*socket, *packet, state);
  } else if (!event_.empty()) {
    deliver(*socket, plain_packet(socket->nsp().name(), event_, std::move(payload)), state);
  }
}

void Reply::resume(std::function<void()> task) const {
  shard_->post([socket = socket_, task = std::move(task)] {
    const auto still = socket.lock();
    if (still != nullptr && still->connected()) task();
  });
}

Result<json::value> object_argument(const socketio::Event& event) {
  const auto& [values, binary] = event.args();
  const auto& first = event[0];
  if (values.size() > 1 || !binary.empty() || !(first.is_null() || first.is_object()))
    return fail_field("", event.name() + " takes one object as its argument");
  return first.is_null() ? json::value(json::object{}) : first;
}

Result<void> no_argument(const socketio::Event& event) {
  const auto request = object_argument(event);
  if (!request) return tl::unexpected(request.error());
  return domain::FieldReader(*request).finish();
}

}  // namespace togglecast::realtime
