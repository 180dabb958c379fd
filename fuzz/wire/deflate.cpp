// permessage-deflate (wire/websocket): input is a payload, bytes of a connection, and a header field.
// Messages keep to their limit, text is UTF-8, one message leaves nothing for the next, frames mean the same
// however they are cut, what is compressed is smaller and comes back, and answers are offers that we would
// accept.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/utf8.hpp"
#include "support/property.hpp"
#include "wire/websocket/deflate.hpp"
#include "wire/websocket/deflate_offer.hpp"
#include "wire/websocket/frame.hpp"

namespace togglecast::fuzz {
namespace {

using namespace wire::websocket;
using Outcome = Inflater::Outcome;

constexpr std::size_t kLimit = 20'000;  // beyond the first buffer

Inflater& shared_inflater() {
  static Inflater inflater;
  return inflater;
}

void check_round_trip(std::string_view message, bool text) {
  static Deflater narrow(9, 9), wide(15, 1);
  for (Deflater* deflater : {&narrow, &wide}) {
    const std::string payload(deflater->deflate(message));
    if (payload.empty()) continue;
    require(payload.size() < message.size(), "what is compressed is smaller");
    Inflater inflater;
    require(
        inflater.inflate(payload, message.size(), text) == Outcome::whole && inflater.message() == message,
        "what is compressed comes back");
  }
}

void check_payload(std::string_view payload, bool text) {
  Inflater& inflater = shared_inflater();
  const Outcome outcome = inflater.inflate(payload, kLimit, text);
  require(inflater.message().size() <= kLimit + 1, "no more is inflated than the limit");
  Inflater fresh;
  require(fresh.inflate(payload, kLimit, text) == outcome, "a message leaves nothing for the next");
  if (outcome != Outcome::whole) return;  // how far it was read depends on the room there was
  require(fresh.message() == inflater.message(), "a message is the same again");
  require(inflater.message().size() <= kLimit, "a message is no longer than its limit");
  require(!text || is_valid_utf8(inflater.message()), "text is UTF-8");
  check_round_trip(fresh.message(), text);
}

struct Seen {
  Event::Kind kind;
  std::string payload;
  std::uint16_t code;
  friend bool operator==(const Seen&, const Seen&) = default;
};

void check_frames(std::string_view bytes) {
  static_cast<void>(same_however_cut(bytes, [](const Pieces& pieces) {
    std::vector<Seen> seen;
    Decoder decoder({.message_bytes = 400, .fragments = 8});
    for (const auto piece : pieces) {
      std::string copy(piece);  // unmasked in place
      char* data = copy.data();
      std::size_t size = copy.size();
      while (true) {
        const Event event = decoder.next(data, size, &shared_inflater());
        if (event.kind == Event::Kind::need_more) break;
        require(event.payload.size() <= 400, "a message is no longer than its limit");
        require(event.kind != Event::Kind::text || is_valid_utf8(event.payload), "text is UTF-8");
        const bool failed = event.kind == Event::Kind::error;
        seen.push_back({event.kind, failed ? std::string() : std::string(event.payload), event.code});
      }
    }
    return seen;
  }));
}

void check_offer(std::string_view field) {
  const auto agreement = accept_deflate_offer(field);
  if (!agreement) return;
  require(agreement->window_bits >= 9 && agreement->window_bits <= 15, "a window is one that zlib has");
  const auto again = accept_deflate_offer(deflate_answer(*agreement));
  require(again && again->window_bits == agreement->window_bits && again->limited == agreement->limited,
          "an answer is an offer that we would accept");
}

}  // namespace
}  // namespace togglecast::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace togglecast::fuzz;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  check_payload(bytes, true);
  check_payload(bytes, false);
  check_frames(bytes);
  check_offer(bytes);
  check_round_trip(bytes, false);
  return 0;
}
