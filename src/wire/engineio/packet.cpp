#include "wire/engineio/packet.hpp"

#include <array>

#include "base/json.hpp"

namespace togglecast::wire::engineio {
namespace {

constexpr std::int8_t kSkipped = -1;

// Both alphabets of RFC 4648 at once.
constexpr std::array<std::int8_t, 256> sextets() {
  std::array<std::int8_t, 256> table{};
  for (auto& entry : table) entry = kSkipped;
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < kDigits.size(); ++i)
    table[static_cast<unsigned char>(kDigits[i])] = static_cast<std::int8_t>(i);
  table['-'] = table['+'];
  table['_'] = table['/'];
  return table;
}

constexpr std::array<std::int8_t, 256> kSextets = sextets();

}  // namespace

tl::expected<Packet, DecodeError> decode(std::string_view text) noexcept {
  if (text.empty()) return tl::unexpected(DecodeError::empty);
  const std::string_view data = text.substr(1);
  if (text.front() == 'b') return Packet{PacketType::message, data, true};
  if (text.front() < '0' || text.front() > '6') return tl::unexpected(DecodeError::unknown_type);
  return Packet{static_cast<PacketType>(text.front() - '0'), data, false};
}

std::string decode_binary(std::string_view base64) {
  base64 = base64.substr(0, base64.find('='));
  std::string out;
  out.reserve(base64.size() * 3 / 4);
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char c : base64) {
    const std::int8_t sextet = kSextets[static_cast<unsigned char>(c)];
    if (sextet == kSkipped) continue;
    bits = bits << 6 | static_cast<std::uint32_t>(sextet);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out += static_cast<char>(bits >> count & 0xff);
  }
  return out;
}

bool PayloadReader::next(std::string_view& packet) noexcept {
  if (done_) return false;
  const std::size_t end = rest_.find(kSeparator);
  packet = rest_.substr(0, end);
  done_ = end == std::string_view::npos;
  if (!done_) rest_.remove_prefix(end + 1);
  return true;
}

std::string encode_open(const OpenFields& fields) {
  std::string out = "0{\"sid\":";
  json::append_string(out, fields.sid);
  out += fields.upgrade_to_websocket ? ",\"upgrades\":[\"websocket\"]" : ",\"upgrades\":[]";
  out += ",\"pingInterval\":" + std::to_string(fields.ping_interval_ms);
  out += ",\"pingTimeout\":" + std::to_string(fields.ping_timeout_ms);
  out += ",\"maxPayload\":" + std::to_string(fields.max_payload);
  return out += '}';
}

}  // namespace togglecast::wire::engineio
