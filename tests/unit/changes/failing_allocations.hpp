// Lets one allocation of the calling thread fail: operator new of this test program is replaced.
#pragma once

#include <cstddef>

namespace togglecast::test {

/// After `successes` more allocations of this thread, one throws std::bad_alloc.
void fail_an_allocation_after(std::size_t successes) noexcept;
/// Ends that; true when it has thrown.
bool allocation_has_failed() noexcept;

}  // namespace togglecast::test
