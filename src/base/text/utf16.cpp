#include "base/text/utf16.hpp"

#include <algorithm>
#include <cstdint>

namespace togglecast {
namespace {

std::size_t sequence_length(char lead) noexcept {
  const auto byte = static_cast<unsigned char>(lead);
  if (byte < 0xc0) return 1;  // ASCII; a stray continuation byte counts as one
  if (byte < 0xe0) return 2;
  return byte < 0xf0 ? 3 : 4;
}

std::size_t units_of(std::size_t bytes) noexcept { return bytes == 4 ? 2 : 1; }

std::uint32_t decode(std::string_view sequence) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(sequence[i]) & 0x3fU; };
  switch (sequence.size()) {
    case 2:
      return (static_cast<std::uint32_t>(sequence[0]) & 0x1fU) << 6 | byte(1);
    case 3:
      return (static_cast<std::uint32_t>(sequence[0]) & 0x0fU) << 12 | byte(1) << 6 | byte(2);
    case 4:
      return (static_cast<std::uint32_t>(sequence[0]) & 0x07U) << 18 | byte(1) << 12 | byte(2) << 6 | byte(3);
    default:
      return static_cast<unsigned char>(sequence[0]);
  }
}

std::uint32_t first_unit(std::uint32_t code_point) noexcept {
  return code_point < 0x10000 ? code_point : 0xd800U + ((code_point - 0x10000U) >> 10);
}
std::uint32_t second_unit(std::uint32_t code_point) noexcept {
  return code_point < 0x10000 ? 0 : 0xdc00U + (code_point & 0x3ffU);
}

void append_surrogate(std::string& out, std::uint32_t unit) {
  out += static_cast<char>(0xe0U | unit >> 12);
  out += static_cast<char>(0x80U | (unit >> 6 & 0x3fU));
  out += static_cast<char>(0x80U | (unit & 0x3fU));
}

// The sequence that begins at `at`, cut at the end of a damaged text.
std::string_view sequence_at(std::string_view text, std::size_t at) noexcept {
  const std::size_t length = sequence_length(text[at]);
  return length <= text.size() - at ? text.substr(at, length) : text.substr(at, 1);
}

}  // namespace

std::size_t utf16_length(std::string_view text) noexcept {
  std::size_t units = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t bytes = sequence_at(text, at).size();
    units += units_of(bytes);
    at += bytes;
  }
  return units;
}

void append_utf16_slice(std::string& out, std::string_view text, std::size_t first, std::size_t count) {
  std::size_t unit = 0;
  for (std::size_t at = 0; at < text.size() && count > 0;) {
    const std::string_view sequence = sequence_at(text, at);
    at += sequence.size();
    const std::size_t units = units_of(sequence.size());
    if (unit + units <= first) {
      unit += units;
      continue;
    }
    if (units == 2 && (unit < first || count == 1)) {
      const std::uint32_t code_point = decode(sequence);
      append_surrogate(out, unit < first ? second_unit(code_point) : first_unit(code_point));
      --count;
    } else {
      out += sequence;
      count -= units;
    }
    unit += units;
  }
}

std::strong_ordering compare_utf16(std::string_view a, std::string_view b) noexcept {
  const auto [in_a, in_b] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  if (in_a == a.end() || in_b == b.end()) return a.size() <=> b.size();
  const auto lead_a = static_cast<unsigned char>(*in_a);
  const auto lead_b = static_cast<unsigned char>(*in_b);
  if (lead_a < 0xee && lead_b < 0xee) return lead_a <=> lead_b;
  // Only here code points and code units differ in order: U+E000 and above against the surrogates of a pair.
  auto start = static_cast<std::size_t>(in_a - a.begin());
  while (start > 0 && (static_cast<unsigned char>(a[start]) & 0xc0U) == 0x80) --start;
  const std::uint32_t point_a = decode(sequence_at(a, start));
  const std::uint32_t point_b = decode(sequence_at(b, start));
  if (first_unit(point_a) != first_unit(point_b)) return first_unit(point_a) <=> first_unit(point_b);
  return second_unit(point_a) <=> second_unit(point_b);
}

}  // namespace togglecast
