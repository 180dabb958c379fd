// Makes the server one without the web console, as it is built without npm: linked with src/app/main.cpp into
// togglecast-without-console. This definition takes the place of the one that CMake writes
// (cmake/console.cmake).
#include "http_api/console/console.hpp"

namespace togglecast::http_api {

std::span<const ConsoleFile> console_files() noexcept { return {}; }

}  // namespace togglecast::http_api
