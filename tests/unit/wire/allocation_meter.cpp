#include "unit/wire/allocation_meter.hpp"

#include <algorithm>
#include <cstdlib>
#include <new>

namespace togglecast::test {
namespace {

thread_local std::size_t largest_allocation = 0;
thread_local std::size_t allocations = 0;
thread_local std::size_t allocated_bytes = 0;

}  // namespace

AllocationMeter::AllocationMeter() noexcept {
  largest_allocation = 0;
  allocations = 0;
  allocated_bytes = 0;
}
std::size_t AllocationMeter::largest() const noexcept { return largest_allocation; }
std::size_t AllocationMeter::count() const noexcept { return allocations; }
std::size_t AllocationMeter::bytes() const noexcept { return allocated_bytes; }

}  // namespace togglecast::test

void* operator new(std::size_t size) {
  togglecast::test::largest_allocation = std::max(togglecast::test::largest_allocation, size);
  ++togglecast::test::allocations;
  togglecast::test::allocated_bytes += size;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
