#include "realtime/protocol/packets.hpp"

#include <utility>

namespace togglecast::realtime {

socketio::Arguments plain_event(std::string_view event, json::object payload) {
  return socketio::with_name(event, socketio::arguments(std::move(payload)));
}

socketio::EncodedPacket plain_packet(std::string_view nsp, std::string_view event, json::object payload) {
  return socketio::EncodedPacket::event(nsp, plain_event(event, std::move(payload)));
}

socketio::Arguments config_event(std::string_view event, json::object payload, std::string_view offset) {
  auto args = plain_event(event, std::move(payload));
  if (!offset.empty()) args.values.emplace_back(offset);
  return args;
}

socketio::EncodedPacket config_packet(std::string_view nsp, std::string_view event, json::object payload,
                                      std::string_view offset) {
  return socketio::EncodedPacket::event(nsp, config_event(event, std::move(payload), offset));
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

}  // namespace togglecast::realtime
