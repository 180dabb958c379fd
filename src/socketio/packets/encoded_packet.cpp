#include "socketio/packets/encoded_packet.hpp"

#include "engineio/frame.hpp"

namespace togglecast::socketio {

namespace {

// A packet that begins with `head`, up to the opening bracket.
SharedBytes closed(std::string head, const EncodedPacket::Parts& args) {
  head += args.begin;
  if (args.end.empty()) return engineio::text_message(head, args.middle, "]");
  return engineio::text_message(head, args.middle, std::string(args.end) += ']');
}

}  // namespace

SharedBytes EncodedPacket::frame(std::string_view bytes) { return engineio::binary_message(bytes); }

EncodedPacket::EncodedPacket(SharedBytes text, std::vector<SharedBytes> attachments, Attachments are)
    : text_(std::move(text)), attachments_(std::move(attachments)) {
  if (are == Attachments::frames) return;
  for (SharedBytes& one : attachments_) one = frame(one.view());
}

EncodedPacket EncodedPacket::event(std::string_view nsp, const Arguments& args,
                                   std::optional<std::uint64_t> ack_id, Attachments attachments) {
  auto encoded = wire::socketio::encode_event(nsp, ack_id, args);
  return {engineio::text_message(encoded.text), std::move(encoded.attachments), attachments};
}

EncodedPacket EncodedPacket::ack(std::string_view nsp, std::uint64_t ack_id, const Arguments& args,
                                 Attachments attachments) {
  auto encoded = wire::socketio::encode_ack(nsp, ack_id, args);
  return {engineio::text_message(encoded.text), std::move(encoded.attachments), attachments};
}

EncodedPacket EncodedPacket::ack(std::string_view nsp, std::uint64_t ack_id, std::string_view args) {
  return {engineio::text_message(wire::socketio::begin_ack(nsp, ack_id), args, "]"), {}, Attachments::frames};
}

EncodedPacket EncodedPacket::event(std::string_view nsp, const Parts& args) {
  return {closed(wire::socketio::begin_event(nsp), args), {}, Attachments::frames};
}

EncodedPacket EncodedPacket::ack(std::string_view nsp, std::uint64_t ack_id, const Parts& args) {
  return {closed(wire::socketio::begin_ack(nsp, ack_id), args), {}, Attachments::frames};
}

EncodedPacket EncodedPacket::text(std::string_view packet) {
  return {engineio::text_message(packet), {}, Attachments::frames};
}

}  // namespace togglecast::socketio
