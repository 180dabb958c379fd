#include "domain/state/offset.hpp"

#include "domain/schema/version.hpp"

namespace togglecast::domain {
namespace {

constexpr std::size_t kChainDigits = 16;

}  // namespace

std::string to_string(const Offset& offset) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text = to_string(Version{offset.epoch, offset.revision}) + '.';
  for (int shift = 60; shift >= 0; shift -= 4) text += kDigits[offset.chain >> shift & 15];
  return text;
}

std::optional<Offset> parse_offset(std::string_view text) noexcept {
  const auto version = take_version(text);
  if (!version || !text.starts_with('.')) return std::nullopt;
  text.remove_prefix(1);
  if (text.size() != kChainDigits) return std::nullopt;
  Offset offset{version->epoch, version->revision, 0};
  for (const char c : text) {
    unsigned digit = 0;
    if (c >= '0' && c <= '9') {
      digit = static_cast<unsigned>(c - '0');
    } else if (c >= 'a' && c <= 'f') {
      digit = static_cast<unsigned>(c - 'a') + 10;
    } else {
      return std::nullopt;
    }
    offset.chain = offset.chain << 4 | digit;
  }
  return offset;
}

}  // namespace togglecast::domain
