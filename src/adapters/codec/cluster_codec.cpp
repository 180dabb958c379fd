#include "adapters/codec/cluster_codec.hpp"

#include <charconv>

#include "adapters/codec/message_fields.hpp"
#include "base/base64.hpp"
#include "socketio/recovery.hpp"

namespace togglecast::adapters {
namespace {

enum class ClusterType : std::uint8_t {
  broadcast = 3,
  join = 4,
  leave = 5,
  disconnect = 6,
  fetch = 7,
  fetched = 8,
  server_event = 9,
  server_answer = 10,
  client_count = 11,
  client_answer = 12,
};

struct ClusterData {
  ClusterType type;
  json::object data;
  std::vector<SharedBytes> attachments{};
};

void add_id(json::object& data, const std::string& request_id) {
  if (!request_id.empty()) data["requestId"] = request_id;
}

// One function per kind of message; those of the classic adapter alone have none here.
struct ClusterWriter {
  using Made = std::optional<ClusterData>;

  Made operator()(const EventMessage& message) const {
    json::object data{{"packet", write_packet(message.event)},
                      {"opts", write_targets(message.targets, true)}};
    add_id(data, message.request_id);
    return ClusterData{ClusterType::broadcast, std::move(data), message.event.attachments};
  }
  Made operator()(const JoinMessage& message) const {
    return rooms_of(ClusterType::join, message.targets, message.rooms);
  }
  Made operator()(const LeaveMessage& message) const {
    return rooms_of(ClusterType::leave, message.targets, message.rooms);
  }
  Made operator()(const DisconnectMessage& message) const {
    return ClusterData{ClusterType::disconnect,
                       {{"opts", write_targets(message.targets, true)}, {"close", message.close}}};
  }
  Made operator()(const FetchMessage& message) const {
    return ClusterData{ClusterType::fetch,
                       {{"opts", write_targets(message.targets, true)}, {"requestId", message.request_id}}};
  }
  Made operator()(const ServerEventMessage& message) const {
    json::object data{{"packet", message.event.values}};
    add_id(data, message.request_id);
    return ClusterData{ClusterType::server_event, std::move(data), message.event.attachments};
  }
  Made operator()(const ClientCountAnswer& message) const {
    return ClusterData{ClusterType::client_count,
                       {{"requestId", message.request_id}, {"clientCount", message.clients}}};
  }
  Made operator()(const ClientAnswer& message) const {
    return answer_of(ClusterType::client_answer, message.request_id, message.answer);
  }
  Made operator()(const SocketsAnswer& message) const {
    return ClusterData{ClusterType::fetched,
                       {{"requestId", message.request_id}, {"sockets", write_sockets(message.sockets)}}};
  }
  Made operator()(const ServerAnswer& message) const {
    return answer_of(ClusterType::server_answer, message.request_id, message.answer);
  }
  Made operator()(const IdsMessage&) const { return std::nullopt; }
  Made operator()(const RoomsMessage&) const { return std::nullopt; }
  Made operator()(const OneSocketMessage&) const { return std::nullopt; }
  Made operator()(const NamesAnswer&) const { return std::nullopt; }
  Made operator()(const DoneAnswer&) const { return std::nullopt; }

 private:
  static Made rooms_of(ClusterType type, const BroadcastOptions& targets,
                       const std::vector<std::string>& rooms) {
    return ClusterData{type, {{"opts", write_targets(targets, true)}, {"rooms", write_names(rooms)}}};
  }
  static Made answer_of(ClusterType type, const std::string& request_id, const Arguments& answer) {
    return ClusterData{
        type, {{"requestId", request_id}, {"packet", first_value(answer)}}, answer.attachments};
  }
};

std::optional<ClusterData> cluster_data(const Message& message) {
  return std::visit(ClusterWriter{}, message.body);
}

json::value cluster_object(const Message& message, json::object data, ClusterType type) {
  json::object object;
  if (!message.uid.empty()) object["uid"] = message.uid;
  object["nsp"] = message.nsp;
  object["type"] = static_cast<int>(type);
  object["data"] = std::move(data);
  return object;
}

Result<std::optional<Body>> read_cluster_body(int type, const PackedValue& message, const json::value& data) {
  // Each field that is missing makes an error, which this passes on.
  const auto opts = [&] { return read_targets(json::find(data, "opts")); };
  const auto rooms = [&] { return read_names(json::find(data, "rooms"), "rooms"); };
  const auto id = [&] { return read_id(data, "requestId"); };
  const auto with = [](auto&& read, auto&& make) -> Result<std::optional<Body>> {
    auto value = read();
    if (!value) return tl::unexpected(std::move(value.error()));
    return make(*std::move(value));
  };

  switch (static_cast<ClusterType>(type)) {
    case ClusterType::broadcast:
      return with(opts, [&](BroadcastOptions targets) -> Result<std::optional<Body>> {
        auto event = read_packet(message, json::find(data, "packet"));
        if (!event) return tl::unexpected(std::move(event.error()));
        auto request_id = read_id_if_any(data, "requestId");
        if (!request_id) return tl::unexpected(std::move(request_id.error()));
        return Body{EventMessage{*std::move(event), std::move(targets), *std::move(request_id)}};
      });
    case ClusterType::join:
    case ClusterType::leave:
      return with(opts, [&](BroadcastOptions targets) -> Result<std::optional<Body>> {
        auto names = rooms();
        if (!names) return tl::unexpected(std::move(names.error()));
        if (static_cast<ClusterType>(type) == ClusterType::join)
          return Body{JoinMessage{std::move(targets), *std::move(names)}};
        return Body{LeaveMessage{std::move(targets), *std::move(names)}};
      });
    case ClusterType::disconnect:
      return with(opts, [&](BroadcastOptions targets) -> Result<std::optional<Body>> {
        const json::value* close = json::find(data, "close");
        return Body{
            DisconnectMessage{std::move(targets), close != nullptr && close->is_bool() && close->get_bool()}};
      });
    case ClusterType::fetch:
      return with(opts, [&](BroadcastOptions targets) -> Result<std::optional<Body>> {
        auto request_id = id();
        if (!request_id) return tl::unexpected(std::move(request_id.error()));
        return Body{FetchMessage{std::move(targets), *std::move(request_id)}};
      });
    case ClusterType::server_event: {
      auto event = read_event(message, json::find(data, "packet"), "packet");
      if (!event) return tl::unexpected(std::move(event.error()));
      return with([&] { return read_id_if_any(data, "requestId"); },
                  [&](std::string request_id) -> Result<std::optional<Body>> {
                    return Body{ServerEventMessage{*std::move(event), std::move(request_id)}};
                  });
    }
    case ClusterType::fetched:
      return with(id, [&](std::string request_id) -> Result<std::optional<Body>> {
        auto sockets = read_sockets(message, json::find(data, "sockets"));
        if (!sockets) return tl::unexpected(std::move(sockets.error()));
        return Body{SocketsAnswer{std::move(request_id), *std::move(sockets)}};
      });
    case ClusterType::server_answer:
      return with(id, [&](std::string request_id) -> Result<std::optional<Body>> {
        return Body{ServerAnswer{std::move(request_id), read_answer(message, json::find(data, "packet"))}};
      });
    case ClusterType::client_count:
      return with(id, [&](std::string request_id) -> Result<std::optional<Body>> {
        auto count = read_count(data, "clientCount");
        if (!count) return tl::unexpected(std::move(count.error()));
        return Body{ClientCountAnswer{std::move(request_id), *count}};
      });
    case ClusterType::client_answer:
      return with(id, [&](std::string request_id) -> Result<std::optional<Body>> {
        return Body{ClientAnswer{std::move(request_id), read_answer(message, json::find(data, "packet"))}};
      });
  }
  return std::optional<Body>{};  // another version's
}

Result<std::optional<Message>> cluster_message(std::string uid, std::string nsp, int type,
                                               const PackedValue& message, const json::value& data) {
  auto body = read_cluster_body(type, message, data);
  if (!body) return tl::unexpected(std::move(body.error()));
  if (!*body) return std::optional<Message>{};
  return Message{std::move(uid), std::move(nsp), **std::move(body)};
}

}  // namespace

std::string write_cluster_text(const Message& message) {
  auto made = cluster_data(message);
  if (!made) return {};
  const json::value object = cluster_object(message, std::move(made->data), made->type);
  return made->attachments.empty() ? json::serialize(object) : write_msgpack(object, made->attachments);
}

std::string write_cluster_msgpack(const Message& message) {
  auto made = cluster_data(message);
  if (!made) return {};
  return write_msgpack(cluster_object(message, std::move(made->data), made->type), made->attachments);
}

Result<std::optional<Message>> read_cluster(std::string_view bytes, const PackedLimits& limits) {
  auto message = read_packed(bytes, limits);
  if (!message) return tl::unexpected(std::move(message.error()));
  const auto type = read_type(message->value);
  if (!type) return fail(Errc::parse_error, "type must be a number");
  auto uid = read_id_if_any(message->value, "uid");
  if (!uid) return tl::unexpected(std::move(uid.error()));
  const json::value* data = json::find(message->value, "data");
  return cluster_message(*std::move(uid), std::string(json::string_or_empty(message->value, "nsp")), *type,
                         *message, data == nullptr ? json::value(nullptr) : *data);
}

StreamFields write_stream_entry(const Message& message) {
  auto made = cluster_data(message);
  if (!made) return {};
  const json::value data = std::move(made->data);
  return {{"uid", message.uid},
          {"nsp", message.nsp},
          {"type", std::to_string(static_cast<int>(made->type))},
          {"data", made->attachments.empty() ? json::serialize(data)
                                             : base64_encode(write_msgpack(data, made->attachments))}};
}

Result<std::optional<Message>> read_stream_entry(const StreamFields& fields, const PackedLimits& limits) {
  std::string uid;
  std::string nsp;
  std::string_view type_text;
  std::string_view data_text;
  for (const auto& [name, value] : fields) {
    if (name == "uid") uid = value;
    if (name == "nsp") nsp = value;
    if (name == "type") type_text = value;
    if (name == "data") data_text = value;
  }
  if (nsp.empty()) return std::optional<Message>{};
  int type = 0;
  const auto [end, error] = std::from_chars(type_text.data(), type_text.data() + type_text.size(), type);
  if (error != std::errc{} || end != type_text.data() + type_text.size())
    return fail(Errc::parse_error, "type must be a number");
  PackedValue data;
  if (!data_text.empty()) {
    auto read = data_text.starts_with('{') ? read_packed(data_text, limits)
                                           : read_msgpack(base64_decode_lenient(data_text), limits);
    if (!read) return tl::unexpected(std::move(read.error()));
    data = *std::move(read);
  }
  return cluster_message(std::move(uid), std::move(nsp), type, data, data.value);
}

std::string write_session(const socketio::RecoverableSession& session) {
  return base64_encode(write_msgpack(json::object{{"sid", session.sid},
                                                  {"pid", session.pid},
                                                  {"rooms", write_names(session.rooms)},
                                                  {"data", session.data}}));
}

Result<socketio::RecoverableSession> read_session(std::string_view text, const PackedLimits& limits) {
  constexpr std::size_t kSidLength = 20;
  auto read = read_msgpack(base64_decode_lenient(text), limits);
  if (!read) return tl::unexpected(std::move(read.error()));
  auto sid = read_id(read->value, "sid");
  if (!sid) return tl::unexpected(std::move(sid.error()));
  if (sid->size() != kSidLength) return fail(Errc::parse_error, "sid must have 20 characters");
  auto pid = read_id(read->value, "pid");
  if (!pid) return tl::unexpected(std::move(pid.error()));
  auto rooms = read_names(json::find(read->value, "rooms"), "rooms");
  if (!rooms) return tl::unexpected(std::move(rooms.error()));
  socketio::RecoverableSession session{*std::move(sid), *std::move(pid), *std::move(rooms), json::object{}};
  if (const json::value* data = json::find(read->value, "data")) session.data = *data;
  return session;
}

}  // namespace togglecast::adapters
