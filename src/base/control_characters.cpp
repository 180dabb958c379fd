#include "base/control_characters.hpp"

namespace togglecast {
namespace {

// Beyond ASCII, as code points: C1; Arabic letter mark; marks, separators, embeddings and overrides;
// isolates.
constexpr bool is_control(char32_t code) noexcept {
  return (code >= 0x80 && code <= 0x9f) || code == 0x61c || code == 0x200e || code == 0x200f ||
         (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

constexpr char32_t bits(char byte, unsigned mask) noexcept { return static_cast<unsigned char>(byte) & mask; }

}  // namespace

std::optional<ControlCharacter> find_control_character(std::string_view utf8, std::size_t from) noexcept {
  for (std::size_t i = from; i < utf8.size(); ++i) {
    const auto byte = static_cast<unsigned char>(utf8[i]);
    if (byte < 0x20 || byte == 0x7f) return ControlCharacter{i, 1, byte};
    if (byte < 0xc2 || byte > 0xef) continue;  // plain, a continuation, or the first of four bytes
    if (byte < 0xe0 && i + 1 < utf8.size()) {
      const char32_t code = bits(utf8[i], 0x1f) << 6 | bits(utf8[i + 1], 0x3f);
      if (is_control(code)) return ControlCharacter{i, 2, code};
    } else if (byte >= 0xe0 && i + 2 < utf8.size()) {
      const char32_t code =
          bits(utf8[i], 0x0f) << 12 | bits(utf8[i + 1], 0x3f) << 6 | bits(utf8[i + 2], 0x3f);
      if (is_control(code)) return ControlCharacter{i, 3, code};
    }
  }
  return std::nullopt;
}

}  // namespace togglecast
