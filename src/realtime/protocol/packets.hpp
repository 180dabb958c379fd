// The two shapes of every event that we send. State events end in an object and the offset string; all others
// end in an object, because the stock client takes any trailing string for its offset.
// Thread rule: pure functions.
#pragma once

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

/// `{error: {code, message, details?}}`
[[nodiscard]] json::object error_object(const Error& error);

}  // namespace togglecast::realtime
