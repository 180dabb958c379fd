#include "socketio/packets/encoded_packet.hpp"

#include "engineio/frame.hpp"

namespace togglecast::socketio {

EncodedPacket::EncodedPacket(SharedBytes text, const std::vector<SharedBytes>& attachments)
    : text_(std::move(text)) {
  attachments_.reserve(attachments.size());
  for (const auto& bytes : attachments) attachments_.push_back(engineio::binary_message(bytes.view()));
}

EncodedPacket EncodedPacket::event(std::string_view nsp, const Arguments& args,
                                   std::optional<std::uint64_t> ack_id) {
  const auto encoded = wire::socketio::encode_event(nsp, ack_id, args);
  return {engineio::text_message(encoded.text), encoded.attachments};
}

EncodedPacket EncodedPacket::ack(std::string_view nsp, std::uint64_t ack_id, const Arguments& args) {
  const auto encoded = wire::socketio::encode_ack(nsp, ack_id, args);
  return {engineio::text_message(encoded.text), encoded.attachments};
}

EncodedPacket EncodedPacket::ack(std::string_view nsp, std::uint64_t ack_id, std::string_view args) {
  return {engineio::text_message(wire::socketio::begin_ack(nsp, ack_id), args, "]"), {}};
}

EncodedPacket EncodedPacket::text(std::string_view packet) { return {engineio::text_message(packet), {}}; }

}  // namespace togglecast::socketio
