// UTF-8 (RFC 3629): check a whole text, check it piece by piece, repair it. Thread rule: plain values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace togglecast {

/// Checks a text piece by piece, in order. A character may be cut anywhere.
class Utf8Validator {
 public:
  /// Returns false as soon as no valid UTF-8 begins with the bytes so far.
  [[nodiscard]] bool feed(std::string_view bytes) noexcept;
  /// True unless the last character is incomplete.
  [[nodiscard]] bool complete() const noexcept { return needed_ == 0; }
  void reset() noexcept { *this = {}; }

 private:
  std::uint8_t needed_ = 0;     // continuation bytes still due
  std::uint8_t lowest_ = 0x80;  // bounds of the next continuation byte
  std::uint8_t highest_ = 0xbf;
};

[[nodiscard]] bool is_valid_utf8(std::string_view bytes) noexcept;

/// Replaces each maximal invalid part by one U+FFFD, as the WHATWG decoder does.
[[nodiscard]] std::string replace_invalid_utf8(std::string_view bytes);

}  // namespace togglecast
