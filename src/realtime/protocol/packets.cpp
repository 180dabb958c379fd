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

ViewArguments with_view(std::string_view member, std::string_view view, const json::object& payload,
                        std::string_view offset) {
  ViewArguments args{"{", view, {}};
  if (!member.empty()) {
    json::append_string(args.before, member);
    args.before += ":{";
    args.after = "}";
  }
  args.after += ',';
  args.after += std::string_view(json::serialize(payload)).substr(1);
  if (!offset.empty()) {
    args.after += ',';
    json::append_string(args.after, offset);
  }
  return args;
}

socketio::EncodedPacket view_packet(std::string_view nsp, std::string_view event, const ViewArguments& args) {
  std::string begin;
  json::append_string(begin, event);
  begin.append(",").append(args.before);
  return socketio::EncodedPacket::event(nsp, socketio::EncodedPacket::Parts{begin, args.view, args.after});
}

json::object error_object(const Error& error) {
  json::object body{{"code", to_string(error.code)}, {"message", error.message}};
  if (!error.details.empty()) {
    json::array details;
    for (const auto& issue : error.details)
      details.push_back(json::object{{"pointer", issue.pointer}, {"reason", issue.reason}});
    body["details"] = std::move(details);
  }
  if (error.wait().count() > 0) body["retry_after_ms"] = error.wait().count();
  return {{"error", std::move(body)}};
}

}  // namespace togglecast::realtime
