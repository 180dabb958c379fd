#include <cstring>

#include "wire/websocket/frame.hpp"

namespace togglecast::wire::websocket {
namespace {

constexpr std::size_t kMaxReason = 123;
constexpr unsigned kCompressedBit = 0x40;

// At most `limit` bytes that do not end inside a UTF-8 character.
std::string_view cut_at_character(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return text;
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xc0) == 0x80) --limit;
  return text.substr(0, limit);
}

void write_big_endian(char* out, std::uint64_t number, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<char>(number >> 8 * (count - 1 - i) & 0xff);
}

}  // namespace

bool is_sendable_close_code(std::uint16_t code) noexcept {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

std::size_t write_header(char* out, Opcode opcode, std::size_t payload_bytes) noexcept {
  out[0] = static_cast<char>(0x80U | static_cast<unsigned>(opcode));
  const std::size_t size = header_size(payload_bytes);
  if (size == 2) {
    out[1] = static_cast<char>(payload_bytes);
  } else {
    out[1] = static_cast<char>(size == 4 ? 126 : 127);
    write_big_endian(out + 2, payload_bytes, size - 2);
  }
  return size;
}

SharedBytes encode(Opcode opcode, std::string_view payload) {
  return SharedBytes::make(header_size(payload.size()) + payload.size(), [&](char* out) {
    out += write_header(out, opcode, payload.size());
    payload.copy(out, payload.size());
  });
}

SharedBytes encode_compressed(Opcode opcode, std::string_view payload) {
  return SharedBytes::make(header_size(payload.size()) + payload.size(), [&](char* out) {
    const std::size_t header = write_header(out, opcode, payload.size());
    out[0] = static_cast<char>(static_cast<unsigned char>(out[0]) | kCompressedBit);
    payload.copy(out + header, payload.size());
  });
}

std::optional<DataFrame> whole_data_frame(std::string_view block) noexcept {
  if (block.size() < 2) return std::nullopt;
  for (const Opcode opcode : {Opcode::text, Opcode::binary}) {
    if (static_cast<unsigned char>(block[0]) != (0x80U | static_cast<unsigned>(opcode))) continue;
    const auto length = static_cast<unsigned char>(block[1]);
    const std::size_t header = length < 126 ? 2 : length == 126 ? 4 : 10;
    if (block.size() < header) return std::nullopt;
    std::uint64_t announced = length;
    if (header > 2) announced = 0;
    for (std::size_t i = 2; i < header; ++i)
      announced = announced << 8U | static_cast<unsigned char>(block[i]);
    if (announced != block.size() - header) return std::nullopt;
    return DataFrame{opcode, block.substr(header)};
  }
  return std::nullopt;
}

SharedBytes encode_close(CloseCode code, std::string_view reason) {
  if (code == CloseCode::none) return encode(Opcode::close, {});
  reason = cut_at_character(reason, kMaxReason);
  return SharedBytes::make(2 + 2 + reason.size(), [&](char* out) {
    out += write_header(out, Opcode::close, 2 + reason.size());
    write_big_endian(out, static_cast<std::uint64_t>(code), 2);
    reason.copy(out + 2, reason.size());
  });
}

}  // namespace togglecast::wire::websocket
