// The version of this build. Thread rule: a constant, any thread.
#pragma once

#include <string_view>

namespace togglecast::app {

[[nodiscard]] std::string_view version() noexcept;  ///< `0.1.0`

}  // namespace togglecast::app
