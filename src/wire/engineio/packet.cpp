#include "wire/engineio/packet.hpp"

#include "base/base64.hpp"
#include "base/json.hpp"

namespace togglecast::wire::engineio {

tl::expected<Packet, DecodeError> decode(std::string_view text) noexcept {
  if (text.empty()) return tl::unexpected(DecodeError::empty);
  const std::string_view data = text.substr(1);
  if (text.front() == 'b') return Packet{PacketType::message, data, true};
  if (text.front() < '0' || text.front() > '6') return tl::unexpected(DecodeError::unknown_type);
  return Packet{static_cast<PacketType>(text.front() - '0'), data, false};
}

std::string decode_binary(std::string_view base64) { return base64_decode_lenient(base64); }

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
