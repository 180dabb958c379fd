// How much memory values take, about: what the allocator adds to each block is included. Thread rule: pure.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/json.hpp"

namespace togglecast::domain {

inline constexpr std::size_t kHeapBlock = 16;  ///< what the allocator adds to a block, with the rounding

/// Bytes outside the text object itself.
[[nodiscard]] std::size_t heap_weight(const std::string& text) noexcept;
/// Bytes outside the value itself.
[[nodiscard]] std::size_t heap_weight(const json::value& json) noexcept;
[[nodiscard]] std::size_t heap_weight(const json::object& json) noexcept;

/// Of the block alone, not of what its elements own.
template <typename T>
[[nodiscard]] std::size_t block_weight(const std::vector<T>& elements) noexcept {
  return elements.capacity() == 0 ? 0 : elements.capacity() * sizeof(T) + kHeapBlock;
}

}  // namespace togglecast::domain
