// WebSocket frames (RFC 6455, section 5) as values: a decoder for the frames of a client, an encoder for the
// frames of a server, and the RSV1 bit of permessage-deflate (RFC 7692). It owns no socket and no clock.
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

/// The close codes of RFC 6455, section 7.4.1, that this server uses.
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

/// A result of the decoder. The views are valid until the next call of `next`, and only as long as the input
/// buffer.
struct Event {
  enum class Kind : std::uint8_t {
    need_more,  ///< all input used up
    text,       ///< one whole message, valid UTF-8
    binary,     ///< one whole message
    ping,
    pong,
    close,  ///< with `code` (0: none) and the reason in `payload`; the decoder stops
    error,  ///< fail the connection with `code`; `payload` has the reason; the decoder stops
  };
  Kind kind = Kind::need_more;
  std::string_view payload{};
  std::uint16_t code = 0;
};

/// Decodes masked frames of a client.
///
/// A message in one frame that lies in one input is returned in place, without a copy. A message in several
/// inputs or fragments is gathered in a buffer. The buffer grows with the bytes that arrive, never with the
/// length that a header announces, and is freed after the message. A compressed message is inflated when it
/// is complete, into the buffer of the inflater. An idle decoder owns no memory besides itself.
class Decoder {
 public:
  explicit Decoder(DecoderLimits limits) noexcept
      : message_bytes_(cut(limits.message_bytes)), fragments_(cut(limits.fragments)), done_(0) {}

  /// Reads the next event from `size` bytes at `data`, and moves both past the bytes read. Unmasks in place.
  /// Call it again until `need_more`.
  ///
  /// Size, RSV bits, opcode and mask are checked on the header, before any payload is kept. Text is checked
  /// as it arrives or as it is inflated. With an `inflater`, messages may be compressed (RSV1 on their first
  /// frame). One inflater may serve many decoders in turn; the view of a compressed message ends at its next
  /// use. Pass an inflater at every call or at none.
  [[nodiscard]] Event next(char*& data, std::size_t& size, Inflater* inflater = nullptr);

  /// From now on a message may have so many bytes, which must not be fewer than before.
  void allow_messages_of(std::size_t bytes) noexcept { message_bytes_ = cut(bytes); }

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

  static constexpr std::size_t kMost = 0x7fff'ffff;  // two gigabytes
  [[nodiscard]] static std::uint32_t cut(std::size_t limit) noexcept {
    return static_cast<std::uint32_t>(limit < kMost ? limit : kMost);
  }

  std::unique_ptr<Gathering, GatheringDeleter> gathering_;
  std::uint32_t message_bytes_;
  std::uint32_t fragments_ : 31;  // 0: no limit
  std::uint32_t done_ : 1;
};
static_assert(sizeof(Decoder) == 16, "each connection has one");

/// The size of the header of an unmasked frame with this payload: 2, 4 or 10 bytes.
[[nodiscard]] constexpr std::size_t header_size(std::size_t payload_bytes) noexcept {
  return payload_bytes < 126 ? 2 : payload_bytes < 65536 ? 4 : 10;
}
/// Writes that header, with FIN set, to `out`. Returns its size.
std::size_t write_header(char* out, Opcode opcode, std::size_t payload_bytes) noexcept;

/// One unmasked frame.
[[nodiscard]] SharedBytes encode(Opcode opcode, std::string_view payload);
/// The same for a compressed payload: with RSV1.
[[nodiscard]] SharedBytes encode_compressed(Opcode opcode, std::string_view payload);

/// The arguments from which `encode` made a block.
struct DataFrame {
  Opcode opcode;
  std::string_view payload;
};
/// Nothing unless `block` is exactly one uncompressed text or binary frame.
[[nodiscard]] std::optional<DataFrame> whole_data_frame(std::string_view block) noexcept;
/// A close frame. With `CloseCode::none` its body is empty. The reason is cut to 123 bytes between
/// characters.
[[nodiscard]] SharedBytes encode_close(CloseCode code, std::string_view reason);

}  // namespace togglecast::wire::websocket
