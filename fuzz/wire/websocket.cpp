// WebSocket frames (wire/websocket): the same events however the bytes are cut, limits held on messages,
// fragments and memory, text always UTF-8, nothing after the end, and what is encoded is decoded.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/utf8.hpp"
#include "support/property.hpp"
#include "wire/websocket/frame.hpp"

namespace togglecast::fuzz {
namespace {

using namespace wire::websocket;

constexpr DecoderLimits kLimits{.message_bytes = 400, .fragments = 8};

struct Seen {
  Event::Kind kind;
  std::string payload;
  std::uint16_t code;
  friend bool operator==(const Seen&, const Seen&) = default;
};

void check_event(const Event& event, const DecoderLimits& limits) {
  require(event.payload.size() <= limits.message_bytes, "a message is no longer than its limit");
  switch (event.kind) {
    case Event::Kind::text:
      require(is_valid_utf8(event.payload), "text is UTF-8");
      break;
    case Event::Kind::ping:
    case Event::Kind::pong:
      require(event.payload.size() <= 125, "control frames are short");
      break;
    case Event::Kind::close:
      require(is_valid_utf8(event.payload), "reasons are UTF-8");
      require(event.code == 0 ? event.payload.empty() : is_sendable_close_code(event.code),
              "close codes may be sent");
      break;
    case Event::Kind::error:
      require(event.code != 0 && !event.payload.empty(), "a failure has a code and says why");
      break;
    case Event::Kind::need_more:
    case Event::Kind::binary:
      break;
  }
}

std::vector<Seen> read(const Pieces& pieces, const DecoderLimits& limits) {
  std::vector<Seen> seen;
  Decoder decoder(limits);
  bool over = false;
  std::size_t arrived = 0;
  std::size_t allocated = 0;
  for (const auto piece : pieces) {
    std::string bytes(piece);  // unmasked in place
    char* data = bytes.data();
    std::size_t size = bytes.size();
    arrived += size;
    while (true) {
      Event event;
      allocated += allocated_by([&] { event = decoder.next(data, size); });
      if (event.kind == Event::Kind::need_more) break;
      require(!over, "nothing comes after the end");
      check_event(event, limits);
      over = event.kind == Event::Kind::close || event.kind == Event::Kind::error;
      // Why a message is bad may be known earlier or later; with which code it fails may not depend on that.
      const bool failed = event.kind == Event::Kind::error;
      seen.push_back({event.kind, failed ? std::string() : std::string(event.payload), event.code});
    }
    require(size == 0, "a decoder that wants more has used all");
  }
  // What holds an open frame is made anew for each, at the cost of at least six bytes from the client.
  require(allocated <= 128 * arrived + 1024, "memory grows with what arrived");
  return seen;
}

// A server's frame as a client would have sent it.
std::string masked(const SharedBytes& frame, std::size_t payload_bytes) {
  std::string text(frame.view());
  const std::size_t header = header_size(payload_bytes);
  constexpr std::string_view kKey = "\x5a\xf0\x01\x80";
  for (std::size_t i = header; i < text.size(); ++i)
    text[i] = static_cast<char>(text[i] ^ kKey[(i - header) % 4]);
  text[1] = static_cast<char>(text[1] | 0x80);
  return text.insert(header, kKey);
}

void check_round_trip(Opcode opcode, Event::Kind kind, std::string_view payload) {
  const auto seen = read({masked(encode(opcode, payload), payload.size())}, {.message_bytes = 1 << 20});
  require(seen.size() == 1 && seen.front() == Seen{kind, std::string(payload), 0},
          "what is encoded is decoded");
}

void check_close(std::string_view reason) {
  const SharedBytes frame = encode_close(CloseCode::going_away, reason);
  const std::size_t size = frame.size() - 2;
  require(size <= 125, "a close frame is a control frame");
  const auto seen = read({masked(frame, size)}, kLimits);
  require(seen.size() == 1 && seen.front().kind == Event::Kind::close && seen.front().code == 1001,
          "a close that is encoded is decoded");
  require(reason.starts_with(seen.front().payload) && (reason.size() > 123 || reason == seen.front().payload),
          "a reason is cut at its end alone");
}

void check(std::string_view bytes) {
  const auto seen = same_however_cut(bytes, [](const Pieces& pieces) { return read(pieces, kLimits); });
  for (const auto& event : seen) {
    if (event.kind == Event::Kind::text) {
      check_round_trip(Opcode::text, event.kind, event.payload);
      check_close(event.payload);
    }
    if (event.kind == Event::Kind::binary) check_round_trip(Opcode::binary, event.kind, event.payload);
    if (event.kind == Event::Kind::ping) check_round_trip(Opcode::ping, event.kind, event.payload);
  }
  check_round_trip(Opcode::binary, Event::Kind::binary, bytes);
}

}  // namespace
}  // namespace togglecast::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  togglecast::fuzz::check({reinterpret_cast<const char*>(data), size});
  return 0;
}
