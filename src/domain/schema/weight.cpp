#include "domain/schema/weight.hpp"

namespace togglecast::domain {
namespace {

// Boost.JSON 1.81: an object has an index from so many members on.
constexpr std::size_t kIndexedFrom = 18;
constexpr std::size_t kShortText = 14;
constexpr std::size_t kTable = 16;

}  // namespace

std::size_t heap_weight(const std::string& text) noexcept {
  return text.capacity() <= std::string().capacity() ? 0 : text.capacity() + kHeapBlock;
}

std::size_t heap_weight(const json::object& json) noexcept {
  if (json.capacity() == 0) return 0;
  std::size_t bytes = kHeapBlock + kTable + json.capacity() * sizeof(boost::json::key_value_pair);
  if (json.capacity() > kIndexedFrom) bytes += json.capacity() * sizeof(std::uint32_t);
  for (const auto& member : json) bytes += kHeapBlock + member.key().size() + heap_weight(member.value());
  return bytes;
}

std::size_t heap_weight(const json::value& json) noexcept {
  if (const auto* members = json.if_object()) return heap_weight(*members);
  if (const auto* text = json.if_string())
    return text->capacity() <= kShortText ? 0 : kHeapBlock + text->capacity();
  const auto* elements = json.if_array();
  if (elements == nullptr || elements->capacity() == 0) return 0;
  std::size_t bytes = kHeapBlock + kTable + elements->capacity() * sizeof(json::value);
  for (const json::value& element : *elements) bytes += heap_weight(element);
  return bytes;
}

}  // namespace togglecast::domain
