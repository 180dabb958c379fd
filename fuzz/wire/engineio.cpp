// Engine.IO payloads (wire/engineio): packets tile the payload, decoding keeps every byte, base64 comes back,
// and text is repaired to UTF-8 once and for all.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/base64.hpp"
#include "base/json.hpp"
#include "base/utf8.hpp"
#include "support/property.hpp"
#include "wire/engineio/packet.hpp"

namespace togglecast::fuzz {
namespace {

using namespace wire::engineio;

void check_packet(std::string_view text) {
  const auto packet = decode(text);
  if (!packet) {
    const bool unknown = !text.empty() && text.front() != 'b' && (text.front() < '0' || text.front() > '6');
    require(text.empty() || unknown, "only empty packets and unknown types are refused");
    return;
  }
  const char digit = packet->binary ? 'b' : static_cast<char>('0' + static_cast<int>(packet->type));
  require(digit + std::string(packet->data) == text, "a packet is its type and its data");
  if (!packet->binary) return;
  std::string bytes;
  const std::size_t allocated = allocated_by([&] { bytes = decode_binary(packet->data); });
  require(bytes.size() * 4 <= packet->data.size() * 3, "base64 shrinks");
  require(allocated <= 2 * packet->data.size() + 64, "memory grows with what arrived");
  require(decode_binary(base64_encode(bytes)) == bytes, "base64 comes back");
}

void check_payload(std::string_view payload) {
  PayloadReader reader(payload);
  std::string joined;
  std::string_view packet;
  std::size_t count = 0;
  while (reader.next(packet)) {
    require(packet.find(kSeparator) == std::string_view::npos, "a packet ends at a separator");
    if (count++ > 0) joined += kSeparator;
    joined += packet;
    check_packet(packet);
  }
  require(joined == payload && count > 0, "packets are all of the payload");
  require(!reader.next(packet), "the end is the end");
}

bool validated(const Pieces& pieces) {
  Utf8Validator validator;
  for (const auto piece : pieces) {
    if (!validator.feed(piece)) return false;
  }
  return validator.complete();
}

void check_text(std::string_view bytes) {
  const bool valid = same_however_cut(bytes, validated);
  require(valid == is_valid_utf8(bytes), "text is judged the same whole and in pieces");
  const std::string repaired = replace_invalid_utf8(bytes);
  require(is_valid_utf8(repaired), "repaired text is UTF-8");
  require((repaired == bytes) == valid, "text is repaired where it is broken, and only there");
  require(repaired.size() <= 3 * bytes.size(), "repair at most triples");
}

void check(std::string_view bytes) {
  check_payload(bytes);
  check_text(bytes);
  require(decode_binary(base64_encode(bytes)) == bytes, "base64 comes back");
  require(decode_binary(base64url_encode(bytes)) == bytes, "the other alphabet is read as well");
  const auto open = json::parse(encode_open({.sid = replace_invalid_utf8(bytes)}).substr(1));
  require(open.has_value() && json::string_or_empty(*open, "sid") == replace_invalid_utf8(bytes),
          "the open packet is JSON whatever the id");
}

}  // namespace
}  // namespace togglecast::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  togglecast::fuzz::check({reinterpret_cast<const char*>(data), size});
  return 0;
}
