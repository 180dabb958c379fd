#include "adapters/codec/classic_codec.hpp"

#include <utility>

#include "adapters/codec/message_fields.hpp"

namespace togglecast::adapters {
namespace {

enum class ClassicType : std::uint8_t {
  sockets = 0,
  all_rooms = 1,
  join = 2,
  leave = 3,
  disconnect = 4,
  fetch = 5,
  server_event = 6,
  broadcast = 7,
  client_count = 8,
  client_answer = 9,
};

constexpr int code_of(ClassicType type) { return static_cast<int>(type); }

// The fields beside `uid`; nothing for what is no request.
struct ClassicRequestWriter {
  using Made = std::optional<json::object>;

  Made operator()(const EventMessage& message) const {
    return json::object{{"type", code_of(ClassicType::broadcast)},
                        {"requestId", message.request_id},
                        {"packet", write_packet(message.event, nsp)},
                        {"opts", write_targets(message.targets, true)}};
  }
  Made operator()(const JoinMessage& message) const {
    return rooms_of(ClassicType::join, message.targets, message.rooms);
  }
  Made operator()(const LeaveMessage& message) const {
    return rooms_of(ClassicType::leave, message.targets, message.rooms);
  }
  Made operator()(const DisconnectMessage& message) const {
    return json::object{{"type", code_of(ClassicType::disconnect)},
                        {"opts", write_targets(message.targets, false)},
                        {"close", message.close}};
  }
  Made operator()(const FetchMessage& message) const {
    return json::object{{"type", code_of(ClassicType::fetch)},
                        {"requestId", message.request_id},
                        {"opts", write_targets(message.targets, false)}};
  }
  Made operator()(const ServerEventMessage& message) const {
    json::object request{{"type", code_of(ClassicType::server_event)}, {"data", message.event.values}};
    if (!message.request_id.empty()) request["requestId"] = message.request_id;
    return request;
  }
  template <typename Other>
  Made operator()(const Other&) const {
    return std::nullopt;
  }

  std::string_view nsp;

 private:
  static Made rooms_of(ClassicType type, const BroadcastOptions& targets,
                       const std::vector<std::string>& rooms) {
    return json::object{
        {"type", code_of(type)}, {"opts", write_targets(targets, false)}, {"rooms", write_names(rooms)}};
  }
};

struct ClassicResponseWriter {
  std::string operator()(const ClientCountAnswer& answer) const {
    return json::serialize(json::object{{"type", code_of(ClassicType::client_count)},
                                        {"requestId", answer.request_id},
                                        {"clientCount", answer.clients}});
  }
  std::string operator()(const ClientAnswer& answer) const {
    return write_msgpack(json::object{{"type", code_of(ClassicType::client_answer)},
                                      {"requestId", answer.request_id},
                                      {"packet", first_value(answer.answer)}},
                         answer.answer.attachments);
  }
  std::string operator()(const SocketsAnswer& answer) const {
    return json::serialize(
        json::object{{"requestId", answer.request_id}, {"sockets", write_sockets(answer.sockets)}});
  }
  std::string operator()(const ServerAnswer& answer) const {
    return json::serialize(json::object{{"type", code_of(ClassicType::server_event)},
                                        {"requestId", answer.request_id},
                                        {"data", first_value(answer.answer)}});
  }
  std::string operator()(const NamesAnswer& answer) const {
    return json::serialize(json::object{{"requestId", answer.request_id},
                                        {answer.rooms ? "rooms" : "sockets", write_names(answer.names)}});
  }
  std::string operator()(const DoneAnswer& answer) const {
    return json::serialize(json::object{{"requestId", answer.request_id}});
  }
  template <typename Other>
  std::string operator()(const Other&) const {
    return {};
  }
};

bool is_true(const json::value* value) { return value != nullptr && value->is_bool() && value->get_bool(); }

Result<Body> classic_room_request(ClassicType type, const json::value& request) {
  const json::value* opts = json::find(request, "opts");
  if (opts == nullptr) {  // the old form
    OneSocketMessage one;
    one.what = type == ClassicType::join    ? OneSocketMessage::What::join
               : type == ClassicType::leave ? OneSocketMessage::What::leave
                                            : OneSocketMessage::What::disconnect;
    auto sid = read_id(request, "sid");
    if (!sid) return tl::unexpected(std::move(sid.error()));
    auto request_id = read_id_if_any(request, "requestId");
    if (!request_id) return tl::unexpected(std::move(request_id.error()));
    one.sid = *std::move(sid);
    one.room = json::string_or_empty(request, "room");
    one.close = is_true(json::find(request, "close"));
    one.request_id = *std::move(request_id);
    if (one.room.empty() && type != ClassicType::disconnect)
      return fail(Errc::parse_error, "room must be text");
    return one;
  }
  auto targets = read_targets(opts);
  if (!targets) return tl::unexpected(std::move(targets.error()));
  if (type == ClassicType::disconnect)
    return DisconnectMessage{*std::move(targets), is_true(json::find(request, "close"))};
  auto rooms = read_names(json::find(request, "rooms"), "rooms");
  if (!rooms) return tl::unexpected(std::move(rooms.error()));
  if (type == ClassicType::join) return JoinMessage{*std::move(targets), *std::move(rooms)};
  return LeaveMessage{*std::move(targets), *std::move(rooms)};
}

Result<Body> classic_event_request(const PackedValue& request, std::string request_id, std::string_view nsp) {
  const json::value* packet = json::find(request.value, "packet");
  auto event = read_packet(request, packet);
  if (!event) return tl::unexpected(std::move(event.error()));
  if (const auto named = json::string_or_empty(*packet, "nsp"); !named.empty() && named != nsp)
    return fail(Errc::parse_error, "packet.nsp must be the namespace of the channel");
  auto targets = read_targets(json::find(request.value, "opts"));
  if (!targets) return tl::unexpected(std::move(targets.error()));
  return EventMessage{*std::move(event), *std::move(targets), std::move(request_id)};
}

Result<std::optional<Body>> classic_request_body(ClassicType type, const PackedValue& request,
                                                 std::string request_id, std::string_view nsp) {
  const auto needs_id = [&]() -> Result<void> {
    if (request_id.empty()) return fail(Errc::parse_error, "requestId must be text of 1 to 64 bytes");
    return {};
  };
  const auto wrap = [](Result<Body> body) -> Result<std::optional<Body>> {
    if (!body) return tl::unexpected(std::move(body.error()));
    return *std::move(body);
  };
  switch (type) {
    case ClassicType::join:
    case ClassicType::leave:
    case ClassicType::disconnect:
      return wrap(classic_room_request(type, request.value));
    case ClassicType::server_event: {
      auto event = read_event(request, json::find(request.value, "data"), "data");
      if (!event) return tl::unexpected(std::move(event.error()));
      return Body{ServerEventMessage{*std::move(event), std::move(request_id)}};
    }
    case ClassicType::sockets:
    case ClassicType::all_rooms:
    case ClassicType::fetch:
    case ClassicType::broadcast:
      break;
    case ClassicType::client_count:
    case ClassicType::client_answer:
      return std::optional<Body>{};
  }
  if (auto has_id = needs_id(); !has_id) return tl::unexpected(std::move(has_id.error()));
  if (type == ClassicType::all_rooms) return Body{RoomsMessage{std::move(request_id)}};
  if (type == ClassicType::broadcast) return wrap(classic_event_request(request, std::move(request_id), nsp));
  if (type == ClassicType::sockets) {
    auto rooms = read_names(json::find(request.value, "rooms"), "rooms");
    if (!rooms) return tl::unexpected(std::move(rooms.error()));
    return Body{IdsMessage{*std::move(rooms), std::move(request_id)}};
  }
  auto targets = read_targets(json::find(request.value, "opts"));
  if (!targets) return tl::unexpected(std::move(targets.error()));
  return Body{FetchMessage{*std::move(targets), std::move(request_id)}};
}

}  // namespace

std::string write_classic_broadcast(const Message& message) {
  const auto& body = std::get<EventMessage>(message.body);
  return write_msgpack(
      json::array{message.uid, write_packet(body.event, message.nsp), write_targets(body.targets, true)},
      body.event.attachments);
}

Result<Message> read_classic_broadcast(std::string_view bytes, const PackedLimits& limits) {
  auto message = read_msgpack(bytes, limits);
  if (!message) return tl::unexpected(std::move(message.error()));
  const auto* parts = message->value.if_array();
  if (parts == nullptr || parts->size() < 3 || !(*parts)[0].is_string())
    return fail(Errc::parse_error, "a broadcast must be [uid, packet, opts]");
  auto event = read_packet(*message, &(*parts)[1]);
  if (!event) return tl::unexpected(std::move(event.error()));
  auto targets = read_targets(&(*parts)[2]);
  if (!targets) return tl::unexpected(std::move(targets.error()));
  const std::string_view nsp = json::string_or_empty((*parts)[1], "nsp");
  return Message{std::string((*parts)[0].get_string()), nsp.empty() ? "/" : std::string(nsp),
                 EventMessage{*std::move(event), *std::move(targets)}};
}

std::string write_classic_request(const Message& message) {
  auto request = std::visit(ClassicRequestWriter{message.nsp}, message.body);
  if (!request) return {};
  if (!message.uid.empty()) (*request)["uid"] = message.uid;
  if (const auto* event = std::get_if<EventMessage>(&message.body))
    return write_msgpack(*std::move(request), event->event.attachments);
  return json::serialize(*std::move(request));
}

Result<std::optional<Message>> read_classic_request(std::string_view bytes, std::string nsp,
                                                    const PackedLimits& limits) {
  auto request = read_packed(bytes, limits);
  if (!request) return tl::unexpected(std::move(request.error()));
  const auto type = read_type(request->value);
  if (!type) return fail(Errc::parse_error, "type must be a number");
  if (*type < 0 || *type > code_of(ClassicType::client_answer)) return std::optional<Message>{};
  auto uid = read_id_if_any(request->value, "uid");
  if (!uid) return tl::unexpected(std::move(uid.error()));
  auto request_id = read_id_if_any(request->value, "requestId");
  if (!request_id) return tl::unexpected(std::move(request_id.error()));
  auto body = classic_request_body(static_cast<ClassicType>(*type), *request, *std::move(request_id), nsp);
  if (!body) return tl::unexpected(std::move(body.error()));
  if (!*body) return std::optional<Message>{};
  return Message{*std::move(uid), std::move(nsp), **std::move(body)};
}

std::string write_classic_response(const Message& message) {
  return std::visit(ClassicResponseWriter{}, message.body);
}

Result<std::optional<Message>> read_classic_response(std::string_view bytes, std::string nsp,
                                                     const PackedLimits& limits) {
  auto response = read_packed(bytes, limits);
  if (!response) return tl::unexpected(std::move(response.error()));
  auto id = read_id(response->value, "requestId");
  if (!id) return tl::unexpected(std::move(id.error()));
  const auto made = [&nsp](Body body) { return Message{{}, std::move(nsp), std::move(body)}; };
  const auto type = read_type(response->value);
  if (type == code_of(ClassicType::client_count)) {
    auto clients = read_count(response->value, "clientCount");
    if (!clients) return tl::unexpected(std::move(clients.error()));
    return made(ClientCountAnswer{*std::move(id), *clients});
  }
  if (type == code_of(ClassicType::client_answer))
    return made(ClientAnswer{*std::move(id), read_answer(*response, json::find(response->value, "packet"))});
  if (type == code_of(ClassicType::server_event))
    return made(ServerAnswer{*std::move(id), read_answer(*response, json::find(response->value, "data"))});
  const json::value* sockets = json::find(response->value, "sockets");
  const bool ids = sockets != nullptr && sockets->is_array() && !sockets->get_array().empty() &&
                   sockets->get_array().front().is_string();
  if (sockets == nullptr || ids) return std::optional<Message>{};  // to what we never ask
  auto read = read_sockets(*response, sockets);
  if (!read) return tl::unexpected(std::move(read.error()));
  return made(SocketsAnswer{*std::move(id), *std::move(read)});
}

}  // namespace togglecast::adapters
