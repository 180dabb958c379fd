#include "realtime/session/reply.hpp"

#include <utility>

#include "realtime/protocol/packets.hpp"
#include "realtime/session/bounded_send.hpp"

namespace togglecast::realtime {

namespace {

void send_packet(socketio::Socket& socket, const socketio::EncodedPacket& packet, bool state) {
  if (state) {
    deliver_state(socket, packet);
  } else {
    deliver(socket, packet);
  }
}

}  // namespace

Reply::Reply(const socketio::Event& event, const event::Request& request)
    : socket_(event.socket().shared_from_this()),
      shard_(&event.socket().shard()),
      ack_(event.acknowledgement()),
      event_(request.reply) {}

void Reply::send(json::object payload, bool state, std::string_view offset) const {
  const auto socket = socket_.lock();
  if (socket == nullptr || !socket->connected()) return;
  if (ack_.wanted()) {
    if (const auto packet = ack_.encode(socketio::arguments(std::move(payload))))
      send_packet(*socket, *packet, state);
  } else if (!event_.empty()) {
    send_packet(*socket, config_packet(socket->nsp().name(), event_, std::move(payload), offset), state);
  }
}

void Reply::text(std::string_view payload) const {
  const auto socket = socket_.lock();
  if (socket == nullptr || !socket->connected()) return;
  if (ack_.wanted()) {
    if (const auto packet = ack_.encode({}, payload, {})) deliver(*socket, *packet);
  } else if (!event_.empty()) {
    deliver(*socket, view_packet(socket->nsp().name(), event_, {{}, payload, {}}));
  }
}

void Reply::with_bytes(json::object payload, std::string_view member, const SharedBytes& frame) const {
  const auto socket = socket_.lock();
  if (socket == nullptr || !socket->connected()) return;
  socketio::Arguments args;
  socketio::append_argument(args, socketio::Binary{frame});
  payload[member] = std::move(args.values.front());
  args.values.front() = std::move(payload);
  if (ack_.wanted()) {
    if (const auto packet = ack_.encode_framed(args)) deliver(*socket, *packet);
  } else {
    deliver(*socket, socketio::EncodedPacket::event(socket->nsp().name(), socketio::with_name(event_, args),
                                                    {}, socketio::Attachments::frames));
  }
}

void Reply::with_view(std::string_view view, const json::object& payload, std::string_view offset) const {
  const auto socket = socket_.lock();
  if (socket == nullptr || !socket->connected()) return;
  if (ack_.wanted()) {
    const auto args = realtime::with_view({}, view, payload, {});
    if (const auto packet = ack_.encode(args.before, args.view, args.after)) deliver_state(*socket, *packet);
  } else if (!event_.empty()) {
    deliver_state(*socket,
                  view_packet(socket->nsp().name(), event_, realtime::with_view({}, view, payload, offset)));
  }
}

void Reply::resume(std::function<void()> task) const {
  shard_->post([socket = socket_, task = std::move(task)] {
    const auto still = socket.lock();
    if (still != nullptr && still->connected()) task();
  });
}

}  // namespace togglecast::realtime
