// Engine.IO protocol 4 packets and polling payloads as values. Owns nothing.
//
//   packet  := type data            text; type '0'..'6'
//            | 'b' base64           binary message, in polling and in text frames
//   payload := packet (0x1e packet)*
//
// Thread rule: pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace togglecast::wire::engineio {

enum class PacketType : std::uint8_t { open, close, ping, pong, message, upgrade, noop };

struct Packet {
  PacketType type;
  std::string_view data;  ///< points into the input; for `binary` the base64 text
  bool binary = false;    ///< a `b…` packet: type is message, data still base64
};

enum class DecodeError : std::uint8_t { empty, unknown_type };

[[nodiscard]] tl::expected<Packet, DecodeError> decode(std::string_view text) noexcept;

/// The bytes of a `b…` packet, read as leniently as the stock server does; see `base64_decode_lenient`.
[[nodiscard]] std::string decode_binary(std::string_view base64);

/// Walks a polling payload packet by packet, so that the packets before a bad one are still delivered.
class PayloadReader {
 public:
  explicit PayloadReader(std::string_view payload) noexcept : rest_(payload) {}
  /// Sets `packet` to the text of the next packet. Returns false at the end of the payload. The text may be
  /// empty, which `decode` refuses. An empty payload has one empty packet.
  [[nodiscard]] bool next(std::string_view& packet) noexcept;
  /// `next` will return true.
  [[nodiscard]] bool more() const noexcept { return !done_; }

 private:
  std::string_view rest_;
  bool done_ = false;
};

inline constexpr char kSeparator = '\x1e';

struct OpenFields {
  std::string_view sid;
  bool upgrade_to_websocket = false;
  std::int64_t ping_interval_ms = 25'000;
  std::int64_t ping_timeout_ms = 20'000;
  std::size_t max_payload = 1'000'000;
};
/// `0{"sid":"…","upgrades":[…],"pingInterval":…,"pingTimeout":…,"maxPayload":…}`
[[nodiscard]] std::string encode_open(const OpenFields& fields);

}  // namespace togglecast::wire::engineio
