// Socket.IO packets and their reassembly (wire/socketio). The input is a polling payload: messages between
// separators, those that begin with `b` binary. What is decoded keeps the limits, and encoded, decoded and
// encoded again it is the same.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/utf8.hpp"
#include "support/property.hpp"
#include "wire/engineio/packet.hpp"
#include "wire/socketio/packet.hpp"
#include "wire/socketio/placeholder.hpp"

namespace togglecast::fuzz {
namespace {

using namespace wire::socketio;

constexpr DecoderLimits kLimits{.attachments = 4, .json = {.depth = 8}};
constexpr DecoderLimits kWide{.attachments = 1 << 20, .json = {.depth = 8}};

void check_values(const Packet& packet) {
  const std::size_t attachments = packet.args.attachments.size();
  require(attachments <= kLimits.attachments, "no more attachments than the limit");
  if (attachments == 0) return;
  auto values = packet.args.values;
  for (auto& value : values) {
    const bool all = visit_placeholders(value, [attachments](json::value& found) {
      return placeholder_index(found.get_object(), attachments).has_value() && found.get_object().size() == 2;
    });
    require(all, "every placeholder has its attachment");
  }
}

void check_packet(const Packet& packet) {
  require(packet.nsp.starts_with('/') && packet.nsp.find(',') == std::string::npos, "a namespace is a path");
  require(packet.ack_id.value_or(0) <= kMaxAckId, "acknowledgements have safe numbers");
  switch (packet.type) {
    case PacketType::connect:
      require(packet.auth.is_object() || packet.auth.is_null(), "auth is an object or nothing");
      break;
    case PacketType::event: {
      require(!packet.args.values.empty(), "an event has a name");
      const auto& name = packet.args.values.front();
      require(name.is_number() || name.is_string(), "a name is text or a number");
      if (name.is_string()) require(!is_reserved_event(name.get_string()), "reserved names are refused");
      break;
    }
    case PacketType::disconnect:
    case PacketType::connect_error:
    case PacketType::ack:
      break;
    case PacketType::binary_event:
    case PacketType::binary_ack:
      require(false, "binary packets come as what they carry");
      break;
  }
  check_values(packet);
}

// JSON has no infinity: such a number is written as null, which is no name.
bool has_a_name_to_write(const Packet& packet) {
  if (packet.type != PacketType::event) return true;
  const auto& name = packet.args.values.front();
  return !name.is_double() || std::isfinite(name.get_double());
}

Encoded encoded(const Packet& packet) {
  if (packet.type == PacketType::ack) return encode_ack(packet.nsp, packet.ack_id.value_or(0), packet.args);
  return encode_event(packet.nsp, packet.ack_id, packet.args);
}

void check_round_trip(const Packet& packet) {
  if ((packet.type != PacketType::event && packet.type != PacketType::ack) || !has_a_name_to_write(packet))
    return;
  const Encoded first = encoded(packet);
  require(is_valid_utf8(first.text), "what is sent is UTF-8");
  Decoder decoder(kWide);
  auto again = decoder.text(first.text);
  for (const auto& attachment : first.attachments) {
    require(again.has_value() && !*again, "a packet waits for its attachments");
    again = decoder.binary(attachment.view());
  }
  require(again.has_value() && *again, "what is encoded is decoded");
  const Encoded second = encoded(**again);
  require(second.text == first.text, "what is encoded again is the same");
  require(second.attachments.size() == first.attachments.size(), "attachments keep their number");
  for (std::size_t i = 0; i < first.attachments.size(); ++i)
    require(second.attachments[i].view() == first.attachments[i].view(), "attachments keep their bytes");
}

// What is read as text says the same as what is read by values.
void check_plain(const PlainEvent& plain, const Result<std::optional<Packet>>& decoded) {
  require(decoded.has_value() && decoded->has_value(), "a plain event is a whole packet");
  const Packet& packet = **decoded;
  require(packet.type == PacketType::event && packet.nsp == plain.nsp && packet.ack_id == plain.ack_id,
          "a plain event has the same head");
  const auto& values = packet.args.values;
  require(values.front().is_string() && std::string_view(values.front().get_string()) == plain.name,
          "a plain event has the same name");
  const auto args = json::parse('[' + std::string(plain.args) + ']', kLimits.json);
  require(args.has_value() && args->get_array().size() + 1 == values.size(), "as many arguments");
  require(std::equal(args->get_array().begin(), args->get_array().end(), values.begin() + 1),
          "the same arguments");
}

void check(std::string_view bytes) {
  Decoder decoder(kLimits);
  wire::engineio::PayloadReader messages(bytes);
  std::string_view message;
  while (messages.next(message)) {
    const bool binary = message.starts_with('b');
    const std::string content = binary ? std::string(message.substr(1)) : replace_invalid_utf8(message);
    const auto plain = binary ? std::nullopt : decoder.plain_event(content);
    Result<std::optional<Packet>> decoded;
    const std::size_t allocated =
        allocated_by([&] { decoded = binary ? decoder.binary(content) : decoder.text(content); });
    require(allocated <= 256 * content.size() + 4096, "memory grows with what arrived");
    if (plain) check_plain(*plain, decoded);
    if (!decoded) {
      require(is_valid_utf8(decoded.error().message) && !decoded.error().message.empty(),
              "an error says why");
      return;  // the connection is closed
    }
    if (!*decoded) continue;
    check_packet(**decoded);
    check_round_trip(**decoded);
  }
}

}  // namespace
}  // namespace togglecast::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  togglecast::fuzz::check({reinterpret_cast<const char*>(data), size});
  return 0;
}
