// Socket.IO protocol 5 packets (default parser) as values. Owns no socket and no clock.
//
//   packet    := type [ count '-' ] [ namespace ',' ] [ ack-id ] [ JSON ]
//   type      := '0' CONNECT | '1' DISCONNECT | '2' EVENT | '3' ACK | '4' CONNECT_ERROR | '5' BINARY_EVENT
//              | '6' BINARY_ACK
//   count     := decimal, types 5 and 6 only
//   namespace := '/' and what follows up to ',' or the end; left out for '/'
//   ack-id    := decimal, at most 2^53-1
//
// Thread rule: pure functions; a Decoder belongs to one connection.
#pragma once

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/shared_bytes.hpp"

namespace togglecast::wire::socketio {

enum class PacketType : std::uint8_t {
  connect,
  disconnect,
  event,
  ack,
  connect_error,
  binary_event,
  binary_ack
};

inline constexpr std::uint64_t kMaxAckId = (1ULL << 53) - 1;

/// Arguments of an event or ack. Binary parts stand in `attachments`; `values` holds
/// `{"_placeholder":true,"num":i}` for each. Without attachments such an object is data like any other.
struct Arguments {
  boost::json::array values;
  std::vector<SharedBytes> attachments;
};

/// A packet as received. The decoder turns `binary_event` and `binary_ack` into `event` and `ack` with their
/// attachments. An ack without an id answers nothing; it has no `ack_id`.
struct Packet {
  PacketType type = PacketType::event;
  std::string nsp = "/";
  std::optional<std::uint64_t> ack_id;
  boost::json::value auth;  ///< CONNECT only: an object, or null when absent
  Arguments args;           ///< events (values[0] is the name) and acks
};

/// An EVENT as text. To check most of them, no value has to be built. Views into the message.
struct PlainEvent {
  std::string_view nsp;
  std::string_view name;  ///< without escapes
  std::optional<std::uint64_t> ack_id;
  std::string_view payload;  ///< the array, plain JSON (base/text/plain_json.hpp)
  std::string_view args;     ///< the elements behind the name, with their commas
};

struct DecoderLimits {
  std::size_t attachments = 10;  ///< of one packet, and placeholders for them
  json::Limits json{};
};

/// The limit that a packet exceeded.
enum class PassedLimit : std::uint8_t { none, attachments, json_depth };

/// Assembles packets from Engine.IO messages. An error names the byte or the rule of the grammar. It is
/// final: the caller closes the connection.
class Decoder {
 public:
  explicit Decoder(DecoderLimits limits) noexcept
      : attachments_(static_cast<std::uint32_t>(std::min<std::size_t>(limits.attachments, UINT32_MAX))),
        json_depth_(static_cast<std::uint16_t>(std::min<std::size_t>(limits.json.depth, UINT16_MAX))),
        json_infinities_(limits.json.infinities) {}

  /// Reads a text message. Returns its packet, or nothing if attachments must follow.
  [[nodiscard]] Result<std::optional<Packet>> text(std::string_view message);
  /// The event in a text message, if it is an EVENT of plain JSON. For every other message, also for a wrong
  /// one, it has no value: `text` then reads or refuses it.
  [[nodiscard]] std::optional<PlainEvent> plain_event(std::string_view message) const noexcept;
  /// Reads a binary message. Returns the packet that it completes, if it completes one.
  [[nodiscard]] Result<std::optional<Packet>> binary(std::string_view message);
  /// The namespace of the packet whose attachments are due; nullptr when none are.
  [[nodiscard]] const std::string* awaits_attachments_for() const noexcept;
  /// The limit that caused the last error, if a limit caused it.
  [[nodiscard]] PassedLimit passed_limit() const noexcept { return passed_limit_; }

 private:
  [[nodiscard]] json::Limits json_limits() const noexcept {
    return {.depth = json_depth_, .infinities = json_infinities_};
  }

  // The packet that waits for attachments; null when none does, so that an idle connection pays a pointer.
  struct Pending;
  struct PendingDeleter {
    void operator()(Pending* pending) const noexcept;
  };
  std::unique_ptr<Pending, PendingDeleter> pending_;
  std::uint32_t attachments_;
  std::uint16_t json_depth_;
  bool json_infinities_;
  PassedLimit passed_limit_ = PassedLimit::none;
};
static_assert(sizeof(Decoder) == 16, "each connection has one");

/// Text of a packet and the attachments that follow it as binary messages.
struct Encoded {
  std::string text;
  std::vector<SharedBytes> attachments;
};

/// The most attachments that stock clients take in one packet.
inline constexpr std::size_t kMostAttachments = 10;
/// How many attachments a packet with these arguments has when it is encoded.
[[nodiscard]] std::size_t attachments_of(const Arguments& args) noexcept;

/// Encodes an EVENT, or a BINARY_EVENT if there are attachments. `args.values[0]` is the name of the event.
/// Placeholders are numbered again in the order of the text. An attachment with two placeholders is sent
/// twice, one without a placeholder is dropped, and a placeholder without an attachment becomes null.
[[nodiscard]] Encoded encode_event(std::string_view nsp, std::optional<std::uint64_t> ack_id,
                                   const Arguments& args);
[[nodiscard]] Encoded encode_ack(std::string_view nsp, std::uint64_t ack_id, const Arguments& args);
/// The text of an ACK without attachments up to its arguments, with the opening bracket.
[[nodiscard]] std::string begin_ack(std::string_view nsp, std::uint64_t ack_id);
/// The same of an EVENT.
[[nodiscard]] std::string begin_event(std::string_view nsp);
/// `0/nsp,{"sid":"…"}`, with `"pid"` when not empty.
[[nodiscard]] std::string encode_connect(std::string_view nsp, std::string_view sid,
                                         std::string_view pid = {});
/// `4/nsp,{"message":"…"}`, with `"data"` when not null.
[[nodiscard]] std::string encode_connect_error(std::string_view nsp, std::string_view message,
                                               const boost::json::value& data);
[[nodiscard]] std::string encode_disconnect(std::string_view nsp);

/// Names that a client may not use for events: connect, connect_error, disconnect, disconnecting,
/// newListener, removeListener.
[[nodiscard]] bool is_reserved_event(std::string_view name) noexcept;

}  // namespace togglecast::wire::socketio
