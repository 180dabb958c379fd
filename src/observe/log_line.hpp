// One line of the log as text. Whatever a value contains, the line has no line end and is valid UTF-8.
// Thread rule: pure functions. Internal to `observe`.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "observe/log.hpp"

namespace togglecast::observe {

/// `{"time":"…","level":"info","message":"listening","port":5001}`
[[nodiscard]] std::string json_line(UnixMillis at, Level level, std::string_view message, Log::Fields fields);
/// `2023-11-14T22:13:20.000Z info  listening port=5001`
[[nodiscard]] std::string text_line(UnixMillis at, Level level, std::string_view message, Log::Fields fields);

}  // namespace togglecast::observe
