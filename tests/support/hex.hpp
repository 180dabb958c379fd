// Bytes from their hexadecimal digits, as captured: `from_hex("93 a2 6869")`.
#pragma once

#include <cctype>
#include <cstddef>
#include <string>
#include <string_view>

namespace togglecast::test {

inline std::string from_hex(std::string_view text) {
  std::string digits;
  for (const char c : text) {
    if (std::isxdigit(static_cast<unsigned char>(c)) != 0) digits += c;
  }
  std::string bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
    bytes += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
  return bytes;
}

}  // namespace togglecast::test
