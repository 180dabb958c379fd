#include "domain/state/offset.hpp"

#include <array>
#include <charconv>

namespace togglecast::domain {
namespace {

constexpr std::size_t kChainDigits = 16;

// Reads digits up to `.` and eats both; only the one spelling without leading zeros.
std::optional<std::int64_t> take_number(std::string_view& text) noexcept {
  const std::size_t dot = text.find('.');
  if (dot == std::string_view::npos || dot == 0 || dot > 16) return std::nullopt;
  if (text.front() < '0' || text.front() > '9' || (text.front() == '0' && dot > 1)) return std::nullopt;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + dot, number);
  if (error != std::errc{} || end != text.data() + dot || number > kMaxId) return std::nullopt;
  text.remove_prefix(dot + 1);
  return number;
}

}  // namespace

std::string to_string(const Offset& offset) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text = std::to_string(offset.epoch) + '.' + std::to_string(offset.revision) + '.';
  for (int shift = 60; shift >= 0; shift -= 4) text += kDigits[offset.chain >> shift & 15];
  return text;
}

std::optional<Offset> parse_offset(std::string_view text) noexcept {
  Offset offset;
  const auto epoch = take_number(text);
  if (!epoch) return std::nullopt;
  const auto revision = take_number(text);
  if (!revision || text.size() != kChainDigits) return std::nullopt;
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
  offset.epoch = *epoch;
  offset.revision = *revision;
  return offset;
}

}  // namespace togglecast::domain
