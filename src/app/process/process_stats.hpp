// Memory, descriptors and CPU time of this process, from the kernel. Thread rule: any thread; a call reads
// /proc/self, which takes microseconds.
#pragma once

#include <cstdint>
#include <string>

namespace togglecast::app {

[[nodiscard]] std::uint64_t resident_bytes();
[[nodiscard]] std::uint64_t open_descriptors();
[[nodiscard]] std::uint64_t descriptor_limit();
[[nodiscard]] double cpu_seconds();
/// Of this machine; `unknown` when it has none.
[[nodiscard]] std::string host_name();
/// Raises the soft limit of descriptors to the hard limit.
void raise_descriptor_limit();

}  // namespace togglecast::app
