#include "adapters/codec/message_fields.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "wire/socketio/packet.hpp"
#include "wire/socketio/placeholder.hpp"

namespace togglecast::adapters {
namespace {

constexpr std::size_t kLongestId = 64;
constexpr int kEventPacket = 2;
constexpr std::int64_t kLongestTimeout = 3'600'000;

tl::unexpected<Error> malformed(std::string_view field, std::string_view must) {
  return fail(Errc::parse_error, std::string(field) + " must be " + std::string(must));
}

Result<void> check_name(const json::value& name, std::string_view field) {
  if (name.is_number()) return {};
  if (!name.is_string()) return malformed(field, "a list that begins with the name of an event");
  if (wire::socketio::is_reserved_event(name.get_string()))
    return malformed(field, "an event whose name clients do not reserve");
  return {};
}

}  // namespace

json::array write_names(const std::vector<std::string>& names) {
  json::array list;
  list.reserve(names.size());
  for (const auto& name : names) list.emplace_back(name);
  return list;
}

json::object write_targets(const BroadcastOptions& targets, bool with_flags) {
  json::object opts{{"rooms", write_names(targets.rooms)}, {"except", write_names(targets.except)}};
  if (!with_flags) return opts;
  json::object flags;
  if (targets.is_volatile) flags["volatile"] = true;
  if (targets.timeout) flags["timeout"] = targets.timeout->count();
  opts["flags"] = std::move(flags);
  return opts;
}

Result<std::vector<std::string>> read_names(const json::value* list, std::string_view field) {
  std::vector<std::string> names;
  if (list == nullptr || list->is_null()) return names;
  if (!list->is_array()) return malformed(field, "a list of names");
  names.reserve(list->get_array().size());
  for (const auto& name : list->get_array()) {
    if (name.is_string()) {
      names.emplace_back(name.get_string());
    } else if (name.is_number()) {
      names.push_back(json::serialize(name));
    } else {
      return malformed(field, "a list of names");
    }
  }
  return names;
}

Result<BroadcastOptions> read_targets(const json::value* opts) {
  if (opts == nullptr || !opts->is_object()) return malformed("opts", "an object");
  auto rooms = read_names(json::find(*opts, "rooms"), "opts.rooms");
  if (!rooms) return tl::unexpected(std::move(rooms.error()));
  auto except = read_names(json::find(*opts, "except"), "opts.except");
  if (!except) return tl::unexpected(std::move(except.error()));
  BroadcastOptions targets;
  targets.rooms = *std::move(rooms);
  targets.except = *std::move(except);
  const json::value* flags = json::find(*opts, "flags");
  if (flags == nullptr) return targets;
  const json::value* is_volatile = json::find(*flags, "volatile");
  targets.is_volatile = is_volatile != nullptr && is_volatile->is_bool() && is_volatile->get_bool();
  if (const json::value* timeout = json::find(*flags, "timeout");
      timeout != nullptr && timeout->is_number()) {
    boost::system::error_code error;
    const auto value = timeout->to_number<std::int64_t>(error);
    if (!error) targets.timeout = Milliseconds{std::clamp<std::int64_t>(value, 0, kLongestTimeout)};
  }
  return targets;
}

json::object write_packet(const Arguments& event, std::string_view nsp) {
  json::object packet{{"type", kEventPacket}, {"data", event.values}};
  if (!nsp.empty()) packet["nsp"] = nsp;
  return packet;
}

Result<Arguments> read_event(const PackedValue& message, const json::value* list, std::string_view field) {
  if (list == nullptr || !list->is_array() || list->get_array().empty())
    return malformed(field, "a list that begins with the name of an event");
  if (auto good = check_name(list->get_array().front(), field); !good)
    return tl::unexpected(std::move(good.error()));
  Arguments event{list->get_array(), message.attachments};
  if (!event.attachments.empty() && wire::socketio::attachments_of(event) > wire::socketio::kMostAttachments)
    return malformed(field, "an event with at most 10 binary parts, which is what stock clients take");
  return event;
}

Result<Arguments> read_packet(const PackedValue& message, const json::value* packet) {
  if (packet == nullptr || !packet->is_object()) return malformed("packet", "an object");
  if (read_type(*packet) != kEventPacket) return malformed("packet.type", "2, an event");
  return read_event(message, json::find(*packet, "data"), "packet.data");
}

Arguments read_answer(const PackedValue& message, const json::value* value) {
  Arguments answer;
  answer.values.push_back(value == nullptr ? json::value(nullptr) : *value);
  answer.attachments = message.attachments;
  return answer;
}

json::value first_value(const Arguments& answer) {
  return answer.values.empty() ? json::value(nullptr) : answer.values.front();
}

json::array write_sockets(const std::vector<RemoteSocket>& sockets) {
  json::array list;
  list.reserve(sockets.size());
  for (const auto& socket : sockets) {
    list.push_back(json::object{{"id", socket.id},
                                {"handshake", socket.handshake},
                                {"rooms", write_names(socket.rooms)},
                                {"data", socket.data}});
  }
  return list;
}

Result<std::vector<RemoteSocket>> read_sockets(const PackedValue& message, const json::value* list) {
  if (list == nullptr || !list->is_array()) return malformed("sockets", "a list");
  std::vector<RemoteSocket> sockets;
  sockets.reserve(list->get_array().size());
  for (const auto& entry : list->get_array()) {
    const json::value* id = json::find(entry, "id");
    if (id == nullptr || !id->is_string()) return malformed("sockets[].id", "text");
    auto rooms = read_names(json::find(entry, "rooms"), "sockets[].rooms");
    if (!rooms) return tl::unexpected(std::move(rooms.error()));
    RemoteSocket socket;
    socket.id = id->get_string();
    socket.rooms = *std::move(rooms);
    if (const auto* handshake = json::find(entry, "handshake")) socket.handshake = *handshake;
    if (const auto* data = json::find(entry, "data")) socket.data = *data;
    if (!message.attachments.empty()) {
      for (json::value* part : {&socket.handshake, &socket.data}) {
        wire::socketio::visit_placeholders(*part, [](json::value& placeholder) {
          placeholder = nullptr;
          return true;
        });
      }
    }
    sockets.push_back(std::move(socket));
  }
  return sockets;
}

Result<std::string> read_id_if_any(const json::value& object, std::string_view field) {
  const json::value* id = json::find(object, field);
  if (id == nullptr || id->is_null()) return std::string{};
  if (!id->is_string() || id->get_string().empty() || id->get_string().size() > kLongestId)
    return malformed(field, "text of 1 to 64 bytes");
  return std::string(id->get_string());
}

Result<std::string> read_id(const json::value& object, std::string_view field) {
  auto id = read_id_if_any(object, field);
  if (id && id->empty()) return malformed(field, "text of 1 to 64 bytes");
  return id;
}

std::optional<int> read_type(const json::value& object) {
  const json::value* type = json::find(object, "type");
  if (type == nullptr || !type->is_number()) return std::nullopt;
  boost::system::error_code error;
  const int number = type->to_number<int>(error);
  return error ? std::nullopt : std::optional(number);
}

Result<std::size_t> read_count(const json::value& object, std::string_view field) {
  const json::value* count = json::find(object, field);
  boost::system::error_code error;
  if (count == nullptr || !count->is_number()) return malformed(field, "a number of clients");
  const auto number = count->to_number<std::uint32_t>(error);
  if (error) return malformed(field, "a number of clients");
  return number;
}

}  // namespace togglecast::adapters
