#include "domain/schema/ids.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace togglecast::domain {
namespace {

constexpr std::size_t kMaxKeyLength = 100;

char upper(char c) noexcept { return c >= 'a' && c <= 'z' ? static_cast<char>(c - ('a' - 'A')) : c; }

bool begins_key(char c) noexcept {
  return (upper(c) >= 'A' && upper(c) <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

}  // namespace

Id parse_id(std::string_view text) noexcept {
  if (text.empty() || text.front() < '1' || text.front() > '9') return 0;
  Id id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  return error == std::errc{} && end == text.data() + text.size() && is_id(id) ? id : 0;
}

bool is_key(std::string_view text) noexcept {
  static constexpr std::string_view kOthers = ".:|~-";
  return !text.empty() && text.size() <= kMaxKeyLength && begins_key(text.front()) &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return begins_key(c) || kOthers.find(c) != std::string_view::npos; });
}

bool same_but_for_case(std::string_view a, std::string_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char left, char right) { return upper(left) == upper(right); });
}

// Keys of one kind often begin alike, so what is equal is skipped in words.
bool KeyOrder::operator()(std::string_view a, std::string_view b) const noexcept {
  constexpr std::size_t kWord = sizeof(std::uint64_t);
  const std::size_t both = std::min(a.size(), b.size());
  std::size_t at = 0;
  while (at + kWord <= both && std::memcmp(a.data() + at, b.data() + at, kWord) == 0) at += kWord;
  for (; at < both; ++at) {
    const char left = upper(a[at]);
    const char right = upper(b[at]);
    if (left != right) return left < right;
  }
  return a.size() != b.size() ? a.size() < b.size() : a < b;
}

std::string first_in_case(std::string_view key) {
  std::string first(key);
  std::transform(first.begin(), first.end(), first.begin(), upper);
  return first;
}

std::optional<std::int64_t> integer_in(const json::value& value) noexcept {
  constexpr auto kLargest = static_cast<double>(kMaxId);
  if (const auto* number = value.if_int64())
    return *number >= -kMaxId && *number <= kMaxId ? std::optional(*number) : std::nullopt;
  if (const auto* number = value.if_uint64())  // of values that were made here; parsed ones are above kMaxId
    return *number <= static_cast<std::uint64_t>(kMaxId) ? std::optional(static_cast<std::int64_t>(*number))
                                                         : std::nullopt;
  const auto* number = value.if_double();
  if (number == nullptr || std::trunc(*number) != *number || std::abs(*number) > kLargest)
    return std::nullopt;
  return static_cast<std::int64_t>(*number);
}

}  // namespace togglecast::domain
