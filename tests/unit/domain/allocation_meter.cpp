// The counting operator new of the codec tests in this program too, and the aligned one, which memory
// resources call.
#include "unit/wire/allocation_meter.cpp"

void* operator new(std::size_t size, std::align_val_t alignment) {
  togglecast::test::largest_allocation = std::max(togglecast::test::largest_allocation, size);
  ++togglecast::test::allocations;
  togglecast::test::allocated_bytes += size;
  const auto unit = static_cast<std::size_t>(alignment);
  if (void* memory = std::aligned_alloc(unit, (size + unit - 1) / unit * unit)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
