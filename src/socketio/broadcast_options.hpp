// The targets of a broadcast. Thread rule: plain values.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"

namespace togglecast::socketio {

struct BroadcastOptions {
  std::vector<std::string> rooms{};       ///< sockets in any of these; empty: the whole namespace
  std::vector<std::string> except{};      ///< without the sockets in any of these
  bool is_volatile = false;               ///< only sockets that can send at once
  bool local = false;                     ///< only the sockets of this server
  std::optional<Milliseconds> timeout{};  ///< for acknowledgements
};

}  // namespace togglecast::socketio
