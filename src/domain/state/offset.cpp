#include "domain/state/offset.hpp"

#include <algorithm>

#include "domain/schema/version.hpp"

namespace togglecast::domain {
namespace {

constexpr std::size_t kChainDigits = 16;

// Of base64url.
bool is_tag_digit(char c) noexcept {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

}  // namespace

std::string to_string(const Offset& offset, std::string_view tag) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text = to_string(Version{offset.epoch, offset.revision}) + '.';
  for (int shift = 60; shift >= 0; shift -= 4) text += kDigits[offset.chain >> shift & 15];
  if (!tag.empty()) text.append(1, '.').append(tag);
  return text;
}

std::optional<TaggedOffset> parse_tagged_offset(std::string_view text) noexcept {
  const auto version = take_version(text);
  if (!version || !text.starts_with('.')) return std::nullopt;
  text.remove_prefix(1);
  TaggedOffset read{{version->epoch, version->revision, 0}, {}};
  if (text.size() == kChainDigits + 1 + kOffsetTag && text[kChainDigits] == '.') {
    read.tag = text.substr(kChainDigits + 1);
    if (!std::all_of(read.tag.begin(), read.tag.end(), is_tag_digit)) return std::nullopt;
  } else if (text.size() != kChainDigits) {
    return std::nullopt;
  }
  for (const char c : text.substr(0, kChainDigits)) {
    unsigned digit = 0;
    if (c >= '0' && c <= '9') {
      digit = static_cast<unsigned>(c - '0');
    } else if (c >= 'a' && c <= 'f') {
      digit = static_cast<unsigned>(c - 'a') + 10;
    } else {
      return std::nullopt;
    }
    read.offset.chain = read.offset.chain << 4 | digit;
  }
  return read;
}

std::optional<Offset> parse_offset(std::string_view text) noexcept {
  const auto read = parse_tagged_offset(text);
  return read ? std::optional(read->offset) : std::nullopt;
}

}  // namespace togglecast::domain
