// What a WebSocket client sends: masked frames, well-formed or deliberately not.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace togglecast::test {

struct ClientFrame {
  unsigned opcode = 1;
  std::string_view payload{};
  bool final = true;
  bool masked = true;
  unsigned reserved = 0;      // RSV1-3 as the bits 4, 2, 1
  unsigned length_bytes = 0;  // 0: the shortest form; else 1, 2 or 8
  std::string_view mask = "\x37\xfa\x21\x3d";
};

inline std::string client_frame(const ClientFrame& frame) {
  std::string out;
  out += static_cast<char>((frame.final ? 0x80U : 0U) | frame.reserved << 4 | frame.opcode);
  const std::size_t size = frame.payload.size();
  const unsigned width = frame.length_bytes != 0 ? frame.length_bytes : size < 126 ? 1 : size < 65536 ? 2 : 8;
  const unsigned mask_bit = frame.masked ? 0x80U : 0U;
  out += static_cast<char>(mask_bit | (width == 1 ? static_cast<unsigned>(size) : width == 2 ? 126U : 127U));
  if (width > 1) {
    for (unsigned i = width; i-- > 0;)
      out += static_cast<char>(static_cast<std::uint64_t>(size) >> 8 * i & 0xff);
  }
  if (!frame.masked) return out.append(frame.payload);
  out += frame.mask;
  for (std::size_t i = 0; i < size; ++i) out += static_cast<char>(frame.payload[i] ^ frame.mask[i % 4]);
  return out;
}

inline std::string client_text(std::string_view payload) { return client_frame({.payload = payload}); }

/// A header that announces `length` bytes in the 64-bit form, and nothing after it.
inline std::string client_header_announcing(unsigned opcode, std::uint64_t length) {
  std::string out;
  out += static_cast<char>(0x80U | opcode);
  out += static_cast<char>(0xff);
  for (unsigned i = 8; i-- > 0;) out += static_cast<char>(length >> 8 * i & 0xff);
  return out + "mask";
}

}  // namespace togglecast::test
