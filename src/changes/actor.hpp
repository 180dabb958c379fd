// The actor of a change, as the change log keeps it: `{id, kind, name, source, request_id?, confirm?}`.
// Thread rule: pure functions.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/json.hpp"

namespace togglecast::changes {

/// The way by which a change came in.
enum class Source : std::uint8_t { rest, socket, command_line, timer, start };
[[nodiscard]] std::string_view to_string(Source source) noexcept;

inline constexpr std::string_view kServerName = "togglecast";

/// The server itself as the actor: at start, from the command line, by a timer.
[[nodiscard]] json::object server_actor(Source source);

/// The actor asked that clients confirm the change at once. `actor_text`: canonical JSON.
[[nodiscard]] bool wants_confirmation(std::string_view actor_text);

}  // namespace togglecast::changes
