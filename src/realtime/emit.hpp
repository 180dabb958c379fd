// The two shapes of everything we send, and of every answer. State events end in an object and the offset
// string; all others end in an object: the stock client takes any trailing string for its offset. Thread
// rule: pure functions; `answer` and `refuse` on the socket's shard.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/json.hpp"
#include "domain/offset.hpp"
#include "socketio/server.hpp"

namespace togglecast::realtime {

/// A state event. `offset` none: not the last of its batch, or for a connection that wants none.
[[nodiscard]] socketio::Arguments config_event(std::string_view event, json::object payload,
                                               const std::optional<domain::Offset>& offset);
/// Any other event.
[[nodiscard]] socketio::Arguments plain_event(std::string_view event, json::object payload);

/// `{error: {code, message, details?}}`
[[nodiscard]] json::object error_object(const Error& error);

/// Answers a request: through its acknowledgement when it asked for one, else with the event `reply`.
void answer(const socketio::Event& request, std::string_view reply, json::object payload);
/// The same with `{error: …}`.
void refuse(const socketio::Event& request, std::string_view reply, const Error& error);

/// The first argument as an object; an error that says what was sent instead. A missing argument counts as
/// `{}`.
[[nodiscard]] Result<json::object> object_argument(const socketio::Event& request);

}  // namespace togglecast::realtime
