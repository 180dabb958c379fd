// UTF-8 (RFC 3629): whole, in pieces, and repaired.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace togglecast {

/// Incremental validator: feed pieces in order; characters may be cut anywhere.
class Utf8Validator {
 public:
  /// False as soon as the bytes so far cannot be the beginning of valid UTF-8.
  [[nodiscard]] bool feed(std::string_view bytes) noexcept;
  /// True when no character is left open.
  [[nodiscard]] bool complete() const noexcept { return needed_ == 0; }
  void reset() noexcept { *this = {}; }

 private:
  std::uint8_t needed_ = 0;     // continuation bytes still due
  std::uint8_t lowest_ = 0x80;  // bounds of the next continuation byte
  std::uint8_t highest_ = 0xbf;
};

[[nodiscard]] bool is_valid_utf8(std::string_view bytes) noexcept;

/// Each maximal invalid part becomes one U+FFFD, as the WHATWG decoder does.
[[nodiscard]] std::string replace_invalid_utf8(std::string_view bytes);

}  // namespace togglecast
