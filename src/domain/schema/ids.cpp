#include "domain/schema/ids.hpp"

#include <algorithm>
#include <charconv>

namespace togglecast::domain {
namespace {

constexpr std::size_t kMaxKeyLength = 64;

bool is_lower_or_digit(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

}  // namespace

Id parse_id(std::string_view text) noexcept {
  if (text.empty() || text.front() < '1' || text.front() > '9') return 0;
  Id id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  return error == std::errc{} && end == text.data() + text.size() && is_id(id) ? id : 0;
}

bool is_key(std::string_view text) noexcept {
  return !text.empty() && text.size() <= kMaxKeyLength && is_lower_or_digit(text.front()) &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return is_lower_or_digit(c) || c == '.' || c == '_' || c == '-'; });
}

}  // namespace togglecast::domain
