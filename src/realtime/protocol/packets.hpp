// The two shapes of every event that we send. State events end in an object and the offset string; all others
// end in an object, because the stock client takes any trailing string for its offset.
// Thread rule: pure functions.
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/json.hpp"
#include "socketio/packets/arguments.hpp"
#include "socketio/packets/encoded_packet.hpp"

namespace togglecast::realtime {

/// A state event. `offset` empty: not the last of its batch, or for a connection that wants none.
[[nodiscard]] socketio::Arguments config_event(std::string_view event, json::object payload,
                                               std::string_view offset);
/// The same as a packet of `nsp`.
[[nodiscard]] socketio::EncodedPacket config_packet(std::string_view nsp, std::string_view event,
                                                    json::object payload, std::string_view offset);
/// Any other event.
[[nodiscard]] socketio::Arguments plain_event(std::string_view event, json::object payload);
/// The same as a packet of `nsp`.
[[nodiscard]] socketio::EncodedPacket plain_packet(std::string_view nsp, std::string_view event,
                                                   json::object payload);

/// Arguments with a view in them, whose text was written before: `before`, `view` and `after` in a row.
struct ViewArguments {
  std::string before;
  std::string_view view;
  std::string after;
};
/// `{<members of the view>, <members of payload>}`, with `member` `{<member>: {<members of the view>}, …}`.
/// Then the offset, unless it is empty. `payload` has a member.
[[nodiscard]] ViewArguments with_view(std::string_view member, std::string_view view,
                                      const json::object& payload, std::string_view offset);
/// The event with these arguments. The view is copied once.
[[nodiscard]] socketio::EncodedPacket view_packet(std::string_view nsp, std::string_view event,
                                                  const ViewArguments& args);

/// `{error: {code, message, details?}}`
[[nodiscard]] json::object error_object(const Error& error);

}  // namespace togglecast::realtime
