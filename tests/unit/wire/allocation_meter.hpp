// Counts what operator new hands out in this test program, to prove that hostile input costs no memory.
#pragma once

#include <cstddef>

namespace togglecast::test {

/// Counts from its construction on, for the thread that owns it.
class AllocationMeter {
 public:
  AllocationMeter() noexcept;
  [[nodiscard]] std::size_t largest() const noexcept;  ///< bytes of the largest single allocation
  [[nodiscard]] std::size_t count() const noexcept;
  [[nodiscard]] std::size_t bytes() const noexcept;  ///< of all allocations together
};

}  // namespace togglecast::test
