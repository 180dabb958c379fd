// What another process has used up: processor time and memory, as the kernel counts them.
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace bench {

/// Processor time of all threads of `process`, user and system, in nanoseconds.
[[nodiscard]] std::int64_t cpu_time_ns(pid_t process);
/// Its resident anonymous memory in bytes: heap and stacks, not mapped files.
[[nodiscard]] std::int64_t anonymous_bytes(pid_t process);
/// A steady clock in nanoseconds.
[[nodiscard]] std::int64_t now_ns();

}  // namespace bench
