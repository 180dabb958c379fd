// What the kernel says of this process. Thread rule: any thread; reads /proc/self, which takes microseconds.
#pragma once

#include <cstdint>

namespace togglecast::app {

[[nodiscard]] std::uint64_t resident_bytes();
[[nodiscard]] std::uint64_t open_descriptors();
[[nodiscard]] std::uint64_t descriptor_limit();
[[nodiscard]] double cpu_seconds();
/// As many descriptors as we are allowed to have.
void raise_descriptor_limit();

}  // namespace togglecast::app
