// Writes lines of the log to stderr. Internal to `observe`.
#pragma once

#include "observe/log_queue.hpp"

namespace togglecast::observe {

/// Writes each line with a line end. It blocks until stderr takes the line, and gives up when stderr is
/// closed. With `colored`, the line has the color of its level if stderr is a terminal that shows colors.
[[nodiscard]] LogQueue::Print stderr_printer(bool colored);

}  // namespace togglecast::observe
