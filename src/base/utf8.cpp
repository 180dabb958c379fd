#include "base/utf8.hpp"

#include <cstring>

namespace togglecast {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";

// Length of the leading run of ASCII, eight bytes a step.
std::size_t ascii_prefix(std::string_view bytes) noexcept {
  std::size_t i = 0;
  for (; i + 8 <= bytes.size(); i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + i, 8);
    if ((word & 0x8080808080808080ULL) != 0) break;
  }
  while (i < bytes.size() && static_cast<unsigned char>(bytes[i]) < 0x80) ++i;
  return i;
}

}  // namespace

bool Utf8Validator::feed(std::string_view bytes) noexcept {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (needed_ == 0) {
      i += ascii_prefix(bytes.substr(i));
      if (i == bytes.size()) return true;
    }
    const auto byte = static_cast<std::uint8_t>(bytes[i]);
    if (needed_ > 0) {
      if (byte < lowest_ || byte > highest_) return false;
      lowest_ = 0x80;
      highest_ = 0xbf;
      --needed_;
    } else if (byte >= 0xc2 && byte <= 0xdf) {
      needed_ = 1;
    } else if (byte >= 0xe0 && byte <= 0xef) {
      needed_ = 2;
      lowest_ = byte == 0xe0 ? 0xa0 : 0x80;   // no overlong forms
      highest_ = byte == 0xed ? 0x9f : 0xbf;  // no surrogates
    } else if (byte >= 0xf0 && byte <= 0xf4) {
      needed_ = 3;
      lowest_ = byte == 0xf0 ? 0x90 : 0x80;
      highest_ = byte == 0xf4 ? 0x8f : 0xbf;  // nothing above U+10FFFF
    } else {
      return false;
    }
  }
  return true;
}

bool is_valid_utf8(std::string_view bytes) noexcept {
  Utf8Validator validator;
  return validator.feed(bytes) && validator.complete();
}

std::string replace_invalid_utf8(std::string_view bytes) {
  if (is_valid_utf8(bytes)) return std::string(bytes);
  std::string out;
  out.reserve(bytes.size() + 8);
  std::size_t start = 0;  // of the character being read
  Utf8Validator validator;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (validator.feed(bytes.substr(i, 1))) {
      if (!validator.complete()) continue;
      out += bytes.substr(start, i + 1 - start);
      start = i + 1;
      continue;
    }
    out += kReplacement;
    validator.reset();
    if (i > start) --i;  // the byte that broke an open character is read again as a beginning
    start = i + 1;
  }
  if (start < bytes.size()) out += kReplacement;
  return out;
}

}  // namespace togglecast
