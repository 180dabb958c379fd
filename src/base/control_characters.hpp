// Characters that act instead of showing themselves: they move a cursor, end a line or turn the order of text
// around. The log escapes them, and names may not contain them. Thread rule: pure functions.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace togglecast {

struct ControlCharacter {
  std::size_t at;      ///< offset of its first byte
  std::size_t length;  ///< in bytes
  char32_t code;
};

/// The first one at or after `from`: C0, DEL, C1, the bidirectional controls, U+2028 or U+2029. `utf8` is
/// valid UTF-8.
[[nodiscard]] std::optional<ControlCharacter> find_control_character(std::string_view utf8,
                                                                     std::size_t from = 0) noexcept;

}  // namespace togglecast
