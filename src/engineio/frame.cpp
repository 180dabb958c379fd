#include "engineio/frame.hpp"

#include "base/base64.hpp"
#include "wire/websocket/frame.hpp"

namespace togglecast::engineio {
namespace {

namespace ws = wire::websocket;

constexpr char kMessage = '4';

// RFC 6455, section 5.2: the second byte of an unmasked frame is its length, or 126 or 127 for the two
// extended forms.
std::size_t header_bytes(std::string_view frame) noexcept {
  const auto length = static_cast<unsigned char>(frame[1]);
  return length < 126 ? 2 : length == 126 ? 4 : 10;
}

bool is_binary(std::string_view frame) noexcept {
  return (static_cast<unsigned char>(frame[0]) & 15U) == static_cast<unsigned>(ws::Opcode::binary);
}

}  // namespace

SharedBytes text_message(std::string_view data, std::string_view more, std::string_view last) {
  const std::size_t payload = 1 + data.size() + more.size() + last.size();
  return SharedBytes::make(ws::header_size(payload) + payload, [&](char* out) {
    out += ws::write_header(out, ws::Opcode::text, payload);
    *out++ = kMessage;
    for (const auto piece : {data, more, last}) out += piece.copy(out, piece.size());
  });
}

SharedBytes binary_message(std::string_view data) { return ws::encode(ws::Opcode::binary, data); }

SharedBytes text_packet(std::string_view packet) { return ws::encode(ws::Opcode::text, packet); }

FrameData data_of(const SharedBytes& frame) noexcept {
  const std::string_view bytes = frame.view();
  return {is_binary(bytes), bytes.substr(header_bytes(bytes))};
}

std::size_t polling_size(const SharedBytes& frame) noexcept {
  const std::string_view bytes = frame.view();
  const std::size_t payload = bytes.size() - header_bytes(bytes);
  return is_binary(bytes) ? 1 + (payload + 2) / 3 * 4 : payload;
}

void append_to_payload(std::string& payload, const SharedBytes& frame) {
  const std::string_view bytes = frame.view();
  const std::string_view data = bytes.substr(header_bytes(bytes));
  if (is_binary(bytes)) {
    payload += 'b';
    append_base64(payload, data);
  } else {
    payload += data;
  }
}

}  // namespace togglecast::engineio
