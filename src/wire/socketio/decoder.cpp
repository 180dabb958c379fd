#include <algorithm>
#include <array>

#include "base/text/plain_json.hpp"
#include "wire/socketio/packet.hpp"
#include "wire/socketio/placeholder.hpp"

namespace togglecast::wire::socketio {
namespace {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

// A decimal number at the front, which moves past it; a number above `limit` comes back as `limit` + 1.
std::optional<std::uint64_t> take_number(std::string_view& text, std::uint64_t limit) {
  if (text.empty() || !is_digit(text.front())) return std::nullopt;
  std::uint64_t number = 0;
  for (; !text.empty() && is_digit(text.front()); text.remove_prefix(1)) {
    if (number <= limit) number = number * 10 + static_cast<std::uint64_t>(text.front() - '0');
  }
  return std::min(number, limit + 1);
}

tl::unexpected<Error> refuse(std::size_t byte, std::string_view what) {
  return fail(Errc::parse_error, "byte " + std::to_string(byte) + ": " + std::string(what));
}

std::string_view take_namespace(std::string_view& text) {
  if (!text.starts_with('/')) return "/";
  const std::size_t comma = text.find(',');
  const std::string_view nsp = text.substr(0, comma);
  text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
  return nsp;
}

// Why this is no payload for the type, or nullptr.
const char* wrong_payload(PacketType type, const json::value* payload) {
  switch (type) {
    case PacketType::connect:
      return payload == nullptr || payload->is_object() ? nullptr : "CONNECT payload is not an object";
    case PacketType::disconnect:
      return payload == nullptr ? nullptr : "DISCONNECT has a payload";
    case PacketType::connect_error:
      return payload == nullptr || payload->is_object() || payload->is_string()
                 ? nullptr
                 : "CONNECT_ERROR payload is neither object nor string";
    case PacketType::event:
    case PacketType::binary_event: {
      const auto* args = payload == nullptr ? nullptr : payload->if_array();
      if (args == nullptr) return "EVENT payload is not an array";
      if (args->empty()) return "EVENT without a name";
      if (args->front().is_number()) return nullptr;
      if (!args->front().is_string()) return "EVENT name is neither string nor number";
      return is_reserved_event(args->front().get_string()) ? "EVENT name is reserved" : nullptr;
    }
    case PacketType::ack:
    case PacketType::binary_ack:
      return payload != nullptr && payload->is_array() ? nullptr : "ACK payload is not an array";
  }
  return "unknown packet type";
}

// Checks each placeholder and brings it to the exact form that `Arguments` promises. At most `limit` of them:
// those that repeat an attachment would make a packet grow when it is sent on.
Result<void> settle_placeholders(json::array& values, std::size_t attachments, std::uint64_t limit) {
  std::uint64_t placeholders = 0;
  const auto settle = [&](json::value& found) {
    const auto index = placeholder_index(found.get_object(), attachments);
    if (index) found = make_placeholder(*index);
    return index.has_value() && ++placeholders <= limit;
  };
  const bool settled = std::all_of(values.begin(), values.end(), [&settle](json::value& value) {
    return visit_placeholders(value, settle);
  });
  if (settled) return {};
  if (placeholders > limit) {
    return fail(Errc::payload_too_large,
                "more than " + std::to_string(limit) + " placeholders in one packet");
  }
  return fail(Errc::parse_error, "placeholder without a whole number below the attachment count");
}

}  // namespace

struct Decoder::Pending {
  Packet packet;
  std::size_t due = 0;
};

void Decoder::PendingDeleter::operator()(Pending* pending) const noexcept { delete pending; }

bool is_reserved_event(std::string_view name) noexcept {
  static constexpr std::array<std::string_view, 6> kReserved = {
      "connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"};
  return std::find(kReserved.begin(), kReserved.end(), name) != kReserved.end();
}

Result<std::optional<Packet>> Decoder::text(std::string_view message) {
  passed_limit_ = PassedLimit::none;
  if (pending_) {
    pending_.reset();
    return fail(Errc::parse_error, "text message while attachments are due");
  }
  std::string_view rest = message;
  const auto at = [&] { return message.size() - rest.size(); };
  if (rest.empty()) return refuse(0, "empty packet");
  if (rest.front() < '0' || rest.front() > '6') return refuse(0, "unknown packet type");
  Packet packet;
  packet.type = static_cast<PacketType>(rest.front() - '0');
  rest.remove_prefix(1);

  const bool binary = packet.type == PacketType::binary_event || packet.type == PacketType::binary_ack;
  const auto limit = std::min<std::uint64_t>(attachments_, kMaxAckId);
  std::size_t attachments = 0;
  if (binary) {
    const auto count = take_number(rest, limit);
    if (!count) return refuse(at(), "attachment count is not a whole number");
    if (*count > limit) {
      passed_limit_ = PassedLimit::attachments;
      return fail(Errc::payload_too_large,
                  "more than " + std::to_string(limit) + " attachments in one packet");
    }
    if (!rest.starts_with('-')) return refuse(at(), "no '-' after the attachment count");
    rest.remove_prefix(1);
    attachments = static_cast<std::size_t>(*count);
  }

  packet.nsp = take_namespace(rest);
  packet.ack_id = take_number(rest, kMaxAckId);
  if (packet.ack_id && *packet.ack_id > kMaxAckId) return refuse(at(), "ack id above 2^53-1");

  auto parsed = rest.empty() ? Result<json::value>() : json::parse(rest, json_limits());
  if (!parsed) {
    if (parsed.error().code == Errc::payload_too_large) passed_limit_ = PassedLimit::json_depth;
    parsed.error().message = "payload from byte " + std::to_string(at()) + ": " + parsed.error().message;
    return tl::unexpected(std::move(parsed.error()));
  }
  json::value* payload = rest.empty() ? nullptr : &*parsed;
  if (const char* reason = wrong_payload(packet.type, payload)) return refuse(at(), reason);

  switch (packet.type) {
    case PacketType::connect:
      if (payload != nullptr) packet.auth = std::move(*payload);
      packet.ack_id.reset();
      break;
    case PacketType::disconnect:
    case PacketType::connect_error:
      packet.ack_id.reset();
      break;
    case PacketType::event:
    case PacketType::ack:
      packet.args.values = std::move(payload->get_array());
      break;
    case PacketType::binary_event:
    case PacketType::binary_ack:
      packet.type = packet.type == PacketType::binary_event ? PacketType::event : PacketType::ack;
      packet.args.values = std::move(payload->get_array());
      if (auto settled = settle_placeholders(packet.args.values, attachments, limit); !settled) {
        if (settled.error().code == Errc::payload_too_large) passed_limit_ = PassedLimit::attachments;
        settled.error().message = "byte " + std::to_string(at()) + ": " + settled.error().message;
        return tl::unexpected(std::move(settled.error()));
      }
      break;
  }
  if (attachments == 0) return packet;
  pending_.reset(new Pending{std::move(packet), attachments});
  return std::nullopt;
}

std::optional<PlainEvent> Decoder::plain_event(std::string_view message) const noexcept {
  constexpr std::size_t kLeast = 5;  // 2[""]
  if (pending_ || message.size() < kLeast || message.front() != '2') return std::nullopt;
  std::string_view rest = message.substr(1);
  PlainEvent event;
  event.nsp = take_namespace(rest);
  event.ack_id = take_number(rest, kMaxAckId);
  if (event.ack_id && *event.ack_id > kMaxAckId) return std::nullopt;
  event.payload = rest;
  if (!rest.starts_with('[') || json::plain_length(rest, json_depth_) != rest.size()) return std::nullopt;
  const std::string_view elements = rest.substr(1, rest.size() - 2);
  if (!elements.starts_with('"')) return std::nullopt;
  event.name = elements.substr(1, elements.find('"', 1) - 1);
  if (event.name.find('\\') != std::string_view::npos || is_reserved_event(event.name)) return std::nullopt;
  event.args = elements.substr(std::min(event.name.size() + 3, elements.size()));  // two quotes and a comma
  return event;
}

const std::string* Decoder::awaits_attachments_for() const noexcept {
  return pending_ == nullptr ? nullptr : &pending_->packet.nsp;
}

Result<std::optional<Packet>> Decoder::binary(std::string_view message) {
  if (!pending_) return fail(Errc::parse_error, "binary message that no packet announced");
  pending_->packet.args.attachments.emplace_back(message);
  if (pending_->packet.args.attachments.size() < pending_->due) return std::nullopt;
  std::optional<Packet> complete = std::move(pending_->packet);
  pending_.reset();
  return complete;
}

}  // namespace togglecast::wire::socketio
