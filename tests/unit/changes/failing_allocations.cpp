#include "unit/changes/failing_allocations.hpp"

#include <cstdlib>
#include <new>

namespace togglecast::test {
namespace {

thread_local bool armed = false;
thread_local bool has_failed = false;
thread_local std::size_t successes_left = 0;

}  // namespace

void fail_an_allocation_after(std::size_t successes) noexcept {
  successes_left = successes;
  has_failed = false;
  armed = true;
}

bool allocation_has_failed() noexcept {
  armed = false;
  return has_failed;
}

static void* allocate(std::size_t size) {
  if (armed) {
    if (successes_left == 0) {
      armed = false;
      has_failed = true;
      throw std::bad_alloc();
    }
    --successes_left;
  }
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}

}  // namespace togglecast::test

void* operator new(std::size_t size) { return togglecast::test::allocate(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
