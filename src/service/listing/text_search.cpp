#include "service/listing/text_search.hpp"

#include <algorithm>

namespace togglecast::service {
namespace {

constexpr bool is_between(char32_t c, char32_t first, char32_t last) { return c >= first && c <= last; }

// The small letter of a two-byte code point: Latin-1, Latin Extended-A, Greek, Cyrillic.
char32_t small(char32_t c) noexcept {
  constexpr char32_t kTimes = 0xd7;  // the multiplication sign lies between the capitals
  if (is_between(c, 0xc0, 0xde) && c != kTimes) return c + 0x20;
  const bool even_is_capital = is_between(c, 0x100, 0x12f) || is_between(c, 0x132, 0x137) ||
                               is_between(c, 0x14a, 0x177) || is_between(c, 0x460, 0x481);
  if (even_is_capital && c % 2 == 0) return c + 1;
  const bool odd_is_capital = is_between(c, 0x139, 0x148) || is_between(c, 0x179, 0x17e);
  if (odd_is_capital && c % 2 == 1) return c + 1;
  if (is_between(c, 0x391, 0x3ab) && c != 0x3a2) return c + 0x20;
  if (is_between(c, 0x410, 0x42f)) return c + 0x20;
  if (is_between(c, 0x400, 0x40f)) return c + 0x50;
  return c;
}

}  // namespace

std::string fold_case(std::string_view text) {
  std::string out(text);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto first = static_cast<unsigned char>(out[i]);
    if (first >= 'A' && first <= 'Z') {
      out[i] = static_cast<char>(first + ('a' - 'A'));
    } else if (first >= 0xc3 && first <= 0xd2 && i + 1 < out.size()) {
      const auto second = static_cast<unsigned char>(out[i + 1]);
      const char32_t folded = small((char32_t{first} & 0x1fU) << 6U | (second & 0x3fU));
      out[i] = static_cast<char>(0xc0U | folded >> 6U);
      out[++i] = static_cast<char>(0x80U | (folded & 0x3fU));
    }
  }
  return out;
}

bool contains_folded(std::string_view text, std::string_view folded) {
  if (folded.empty()) return true;
  if (text.size() < folded.size()) return false;
  return fold_case(text).find(folded) != std::string::npos;
}

}  // namespace togglecast::service
