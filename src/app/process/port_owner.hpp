// Finds the process that listens on a TCP port of this machine, as far as /proc shows it. Thread rule: pure
// functions.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace togglecast::app {

struct PortOwner {
  int pid = 0;
  std::string name;
};

/// `proc` is /proc. Nothing when no process listens, or when it belongs to another user.
[[nodiscard]] std::optional<PortOwner> owner_of_port(std::uint16_t port,
                                                     const std::filesystem::path& proc = "/proc");

}  // namespace togglecast::app
