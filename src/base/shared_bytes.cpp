#include "base/shared_bytes.hpp"

#include <new>

namespace togglecast {

SharedBytes::Block* SharedBytes::allocate(std::size_t size) {
  auto* block = new (::operator new(sizeof(Block) + size)) Block;
  block->size = size;
  return block;
}

void SharedBytes::destroy(Block* block) noexcept {
  block->~Block();
  ::operator delete(block);
}

}  // namespace togglecast
