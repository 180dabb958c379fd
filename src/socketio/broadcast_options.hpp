// To whom a broadcast goes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"

namespace togglecast::socketio {

struct BroadcastOptions {
  std::vector<std::string>
      rooms{};  ///< members of any; none: the whole namespace. A socket's id is a room of its own
  std::vector<std::string> except{};      ///< but not members of any of these
  bool is_volatile = false;               ///< not to those for whom it would have to be queued
  bool local = false;                     ///< this server only
  std::optional<Milliseconds> timeout{};  ///< for acknowledgements
};

}  // namespace togglecast::socketio
