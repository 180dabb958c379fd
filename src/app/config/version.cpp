#include "app/config/version.hpp"

namespace togglecast::app {

std::string_view version() noexcept { return TOGGLECAST_VERSION; }

}  // namespace togglecast::app
