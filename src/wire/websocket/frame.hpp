// WebSocket frames (RFC 6455, section 5) as values: a sans-I/O decoder for what a client sends, an encoder
// for what a server sends, and the part of permessage-deflate (RFC 7692) that shows in frames. Owns no socket
// and no clock.
//
//   frame := FIN RSV1-3 opcode | MASK length7 | length16 or length64 | masking key | payload
//
// Thread rule: a Decoder belongs to one connection; the encoders are pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/shared_bytes.hpp"

namespace togglecast::wire::websocket {

class Inflater;

enum class Opcode : std::uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

/// Close codes of RFC 6455, section 7.4.1, that this server sends or compares.
enum class CloseCode : std::uint16_t {
  none = 0,  ///< a close frame without a code (1005 at the peer)
  normal = 1000,
  going_away = 1001,
  protocol_error = 1002,
  invalid_data = 1007,
  policy_violation = 1008,
  too_big = 1009,
  service_restart = 1012,
  try_again_later = 1013,
};

/// True for the codes that a peer may send: 1000-1003, 1007-1014, 3000-4999.
[[nodiscard]] bool is_sendable_close_code(std::uint16_t code) noexcept;

struct DecoderLimits {
  std::size_t message_bytes = 64 * 1024;  ///< of one message, all fragments together, inflated
  std::size_t fragments = 64;             ///< of one message; 0 lifts the limit
};

/// What the decoder found. The views live until the next call of `next` or the end of the input buffer's
/// life.
struct Event {
  enum class Kind : std::uint8_t {
    need_more,  ///< all input used up
    text,       ///< one whole message, valid UTF-8
    binary,     ///< one whole message
    ping,
    pong,
    close,  ///< `code` (0 when absent) and the reason in `payload`; nothing is decoded after it
    error,  ///< fail the connection with `code`; `payload` says why; nothing is decoded after it
  };
  Kind kind = Kind::need_more;
  std::string_view payload{};
  std::uint16_t code = 0;
};

/// Decodes masked client frames. A message in one frame that lies whole in one input is handed out in place,
/// without a copy; what is cut over several inputs or fragments is gathered in a buffer that exists only
/// meanwhile and grows with what has arrived, never with what a header announces. A compressed message is
/// inflated when it is whole, into the inflater's buffer. An idle decoder owns no memory besides itself.
class Decoder {
 public:
  explicit Decoder(DecoderLimits limits) noexcept : limits_(limits) {}

  /// Takes the next event from `[*data, *data + *size)`, moving both past what it used. Unmasks in place.
  /// Call again until `need_more`. Size, RSV bits, opcode and mask are judged on the header, before any
  /// payload is kept; text is judged as it arrives, or as it is inflated. With an `inflater`, which may serve
  /// any number of decoders by turns, messages may be compressed (RSV1 on their first frame); a view of such
  /// a message ends with the next use of the inflater, too. Give one at every call or at none.
  [[nodiscard]] Event next(char*& data, std::size_t& size, Inflater* inflater = nullptr);

 private:
  struct Header;
  struct Gathering;  // an open message, frame or frame header; absent otherwise
  struct GatheringDeleter {
    void operator()(Gathering* gathering) const noexcept;
  };

  [[nodiscard]] bool take_header(char*& data, std::size_t& size, Header& header, Event& failure,
                                 bool may_be_compressed);
  [[nodiscard]] Event take_payload(char*& data, std::size_t& size, Inflater* inflater);
  [[nodiscard]] const char* broken_rule(std::uint8_t first, std::uint8_t second,
                                        bool may_be_compressed) const noexcept;
  [[nodiscard]] Event judge_size(const Header& header);
  [[nodiscard]] Event in_place(const Header& header, std::string_view payload, Inflater* inflater);
  [[nodiscard]] Event append(std::string_view piece, Inflater* inflater);
  [[nodiscard]] Event control(std::uint8_t opcode, std::string_view payload);
  [[nodiscard]] Event finish_message(Inflater* inflater);
  [[nodiscard]] Event inflate(std::uint8_t opcode, std::string_view payload, Inflater& inflater);
  [[nodiscard]] Event fail(CloseCode code, std::string_view reason) noexcept;
  [[nodiscard]] bool message_open() const noexcept;
  Gathering& gathering();

  DecoderLimits limits_;
  std::unique_ptr<Gathering, GatheringDeleter> gathering_;
  bool done_ = false;
};

/// Bytes of the header of an unmasked frame with this payload: 2, 4 or 10.
[[nodiscard]] constexpr std::size_t header_size(std::size_t payload_bytes) noexcept {
  return payload_bytes < 126 ? 2 : payload_bytes < 65536 ? 4 : 10;
}
/// Writes that header (FIN set) to `out`; returns its size.
std::size_t write_header(char* out, Opcode opcode, std::size_t payload_bytes) noexcept;

/// One unmasked frame.
[[nodiscard]] SharedBytes encode(Opcode opcode, std::string_view payload);
/// The same for a message whose payload is compressed: with RSV1.
[[nodiscard]] SharedBytes encode_compressed(Opcode opcode, std::string_view payload);

/// What `encode` made one block of.
struct DataFrame {
  Opcode opcode;
  std::string_view payload;
};
/// Nothing when `block` is not exactly one uncompressed text or binary frame.
[[nodiscard]] std::optional<DataFrame> whole_data_frame(std::string_view block) noexcept;
/// A close frame; `code` none sends an empty body. The reason is cut to 123 bytes at a character.
[[nodiscard]] SharedBytes encode_close(CloseCode code, std::string_view reason);

}  // namespace togglecast::wire::websocket
