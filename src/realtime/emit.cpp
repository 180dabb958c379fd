#include "realtime/emit.hpp"

#include <utility>

namespace togglecast::realtime {

socketio::Arguments plain_event(std::string_view event, json::object payload) {
  return socketio::with_name(event, socketio::arguments(std::move(payload)));
}

socketio::Arguments config_event(std::string_view event, json::object payload,
                                 const std::optional<domain::Offset>& offset) {
  auto args = plain_event(event, std::move(payload));
  if (offset) args.values.emplace_back(domain::to_string(*offset));
  return args;
}

json::object error_object(const Error& error) {
  json::object body{{"code", to_string(error.code)}, {"message", error.message}};
  if (!error.details.empty()) {
    json::array details;
    for (const auto& issue : error.details)
      details.push_back(json::object{{"pointer", issue.pointer}, {"reason", issue.reason}});
    body["details"] = std::move(details);
  }
  return {{"error", std::move(body)}};
}

void answer(const socketio::Event& request, std::string_view reply, json::object payload) {
  if (request.wants_ack()) {
    request.ack(std::move(payload));
  } else {
    request.socket().emit(reply, std::move(payload));
  }
}

void refuse(const socketio::Event& request, std::string_view reply, const Error& error) {
  answer(request, reply, error_object(error));
}

Result<json::object> object_argument(const socketio::Event& request) {
  const auto& first = request[0];
  if (first.is_null()) return json::object{};
  if (!first.is_object()) return fail_field("", request.name() + " takes one object as its argument");
  return first.get_object();
}

}  // namespace togglecast::realtime
