// Who listens on a TCP port of this machine, as far as /proc lets us see. Thread rule: pure functions.
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

/// `proc` is /proc. Nothing when nobody listens, or the process belongs to somebody else.
[[nodiscard]] std::optional<PortOwner> owner_of_port(std::uint16_t port,
                                                     const std::filesystem::path& proc = "/proc");

}  // namespace togglecast::app
