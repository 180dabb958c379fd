// The program that listens as a client, examples/listen/listen.mjs, compiled in. Thread rule: a pure
// function.
#pragma once

#include <string_view>

namespace togglecast::app {

[[nodiscard]] std::string_view listen_script() noexcept;

}  // namespace togglecast::app
