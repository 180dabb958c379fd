#include "adapters/codec/python_codec.hpp"

#include <algorithm>
#include <utility>

#include "adapters/codec/message_fields.hpp"
#include "adapters/codec/pickle.hpp"
#include "base/base64.hpp"
#include "wire/socketio/placeholder.hpp"

namespace togglecast::adapters {
namespace {

// The arguments of `emit`: pickled, one value or a tuple of several; in JSON of 5.14, always a list, behind
// which binary parts follow in base64.
json::array python_arguments(PackedValue& message, bool is_tuple) {
  json::value* data = message.value.get_object().if_contains("data");
  if (data == nullptr || data->is_null()) return {};
  const json::value* binary = json::find(message.value, "binary");
  auto* list = data->if_array();
  if (binary == nullptr || list == nullptr) {
    if (is_tuple && list != nullptr) return std::move(*list);
    return json::array{std::move(*data)};
  }
  if (!binary->is_bool() || !binary->get_bool()) return std::move(*list);
  if (list->empty() || !(*list)[0].is_array()) return {};
  for (std::size_t i = 1; i < list->size(); ++i) {
    const auto* text = (*list)[i].if_string();
    message.attachments.emplace_back(text == nullptr ? std::string{}
                                                     : base64_decode_lenient(std::string_view(*text)));
  }
  return std::move((*list)[0].get_array());
}

// Text, a list of texts, or null.
Result<std::vector<std::string>> python_names(const json::value& message, std::string_view field) {
  const json::value* names = json::find(message, field);
  if (names != nullptr && (names->is_string() || names->is_number())) {
    const json::value list = json::array{*names};
    return read_names(&list, field);
  }
  return read_names(names, field);
}

Result<std::string> python_room(const json::value& message, std::string_view field) {
  auto names = python_names(message, field);
  if (!names) return tl::unexpected(std::move(names.error()));
  if (names->size() != 1) return fail(Errc::parse_error, std::string(field) + " must be one name");
  return std::move(names->front());
}

std::optional<PythonCallback> python_callback(const json::value& message) {
  const json::value* callback = json::find(message, "callback");
  const auto* parts = callback == nullptr ? nullptr : callback->if_array();
  if (parts == nullptr || parts->size() != 3 || !(*parts)[0].is_string() || !(*parts)[1].is_string() ||
      !(*parts)[2].is_number())
    return std::nullopt;
  boost::system::error_code error;
  PythonCallback made;
  made.host = json::string_or_empty(message, "host_id");
  made.room = (*parts)[0].get_string();
  made.nsp = (*parts)[1].get_string();
  made.id = (*parts)[2].to_number<std::int64_t>(error);
  return error || made.host.empty() ? std::nullopt : std::optional(std::move(made));
}

Result<PythonEmit> python_emit(PackedValue& message, bool is_tuple) {
  const json::value* name = json::find(message.value, "event");
  if (name == nullptr || !name->is_string()) return fail(Errc::parse_error, "event must be text");
  auto rooms = python_names(message.value, "room");
  if (!rooms) return tl::unexpected(std::move(rooms.error()));
  auto except = python_names(message.value, "skip_sid");
  if (!except) return tl::unexpected(std::move(except.error()));
  PythonEmit emit;
  emit.callback = python_callback(message.value);
  json::array list{*name};
  json::array args = python_arguments(message, is_tuple);
  for (auto& argument : args) list.push_back(std::move(argument));
  const json::value values = std::move(list);
  auto event = read_event(message, &values, "event");
  if (!event) return tl::unexpected(std::move(event.error()));
  emit.message.event = *std::move(event);
  emit.message.targets.rooms = *std::move(rooms);
  emit.message.targets.except = *std::move(except);
  return emit;
}

BroadcastOptions only(std::string name) {
  BroadcastOptions targets;
  targets.rooms.push_back(std::move(name));
  return targets;
}

}  // namespace

Result<std::optional<PythonMessage>> read_python(std::string_view bytes, const PackedLimits& limits) {
  PackedValue message;
  bool is_tuple = false;
  if (bytes.starts_with('{')) {
    auto read = read_packed(bytes, limits);
    if (!read) return tl::unexpected(std::move(read.error()));
    message = *std::move(read);
  } else {
    auto read = read_pickle(bytes, limits);
    if (!read) return tl::unexpected(std::move(read.error()));
    is_tuple = std::find(read->tuples.begin(), read->tuples.end(), "data") != read->tuples.end();
    message = std::move(read->message);
  }
  const std::string_view method = json::string_or_empty(message.value, "method");
  if (method.empty()) return fail(Errc::parse_error, "method must be text");
  std::string nsp(json::string_or_empty(message.value, "namespace"));
  if (nsp.empty()) nsp = "/";

  if (method == "emit") {
    auto emit = python_emit(message, is_tuple);
    if (!emit) return tl::unexpected(std::move(emit.error()));
    return PythonMessage{std::move(nsp), *std::move(emit)};
  }
  if (method == "close_room") {
    auto room = python_room(message.value, "room");
    if (!room) return tl::unexpected(std::move(room.error()));
    return PythonMessage{std::move(nsp), LeaveMessage{only(*room), {*room}}};
  }
  if (method != "disconnect" && method != "enter_room" && method != "leave_room")
    return std::optional<PythonMessage>{};
  auto sid = python_room(message.value, "sid");
  if (!sid) return tl::unexpected(std::move(sid.error()));
  if (method == "disconnect") return PythonMessage{std::move(nsp), DisconnectMessage{only(*std::move(sid))}};
  auto room = python_room(message.value, "room");
  if (!room) return tl::unexpected(std::move(room.error()));
  if (method == "enter_room")
    return PythonMessage{std::move(nsp), JoinMessage{only(*std::move(sid)), {*std::move(room)}}};
  return PythonMessage{std::move(nsp), LeaveMessage{only(*std::move(sid)), {*std::move(room)}}};
}

std::string write_python_callback(const PythonCallback& callback, const Arguments& answer) {
  json::value args = answer.values;
  if (!answer.attachments.empty()) {
    wire::socketio::visit_placeholders(args, [](json::value& placeholder) {
      placeholder = nullptr;
      return true;
    });
  }
  return json::serialize(json::object{{"method", "callback"},
                                      {"host_id", callback.host},
                                      {"sid", callback.room},
                                      {"namespace", callback.nsp},
                                      {"id", callback.id},
                                      {"args", std::move(args)}});
}

}  // namespace togglecast::adapters
