#include "base/text/plain_json.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

namespace togglecast::json {
namespace {

static_assert(kMostPlainDepth <= 64, "a bit for each");
constexpr std::ptrdiff_t kMostDigits = 15;  // a double holds them exactly

bool is_ordinary(char c) noexcept { return c != '"' && c != '\\' && static_cast<unsigned char>(c) >= 0x20; }

// Past the ordinary bytes at `at`, so many together.
template <std::size_t kStep>
const char* skip_ordinary(const char* at, const char* end) noexcept {
  using Bytes [[gnu::vector_size(kStep)]] = unsigned char;
  using Found [[gnu::vector_size(kStep)]] = signed char;
  for (; end - at >= static_cast<std::ptrdiff_t>(kStep); at += kStep) {
    Bytes bytes;
    std::memcpy(&bytes, at, kStep);
    const Found special = (bytes < 0x20) | (bytes == '"') | (bytes == '\\');
    std::array<std::uint64_t, kStep / sizeof(std::uint64_t)> words;
    std::memcpy(words.data(), &special, kStep);
    if (words.front() != 0 || words.back() != 0) break;
  }
  return at;
}

// The first quote, backslash or control character from `at` on, or `end`.
const char* ordinary_until(const char* at, const char* end) noexcept {
  at = skip_ordinary<8>(skip_ordinary<16>(at, end), end);
  while (at != end && is_ordinary(*at)) ++at;
  return at;
}

// Behind the string whose opening quote is at `at`; nullptr when it is not a plain one.
const char* after_string(const char* at, const char* end) noexcept {
  if (at == end || *at != '"') return nullptr;
  ++at;
  while (true) {
    at = ordinary_until(at, end);
    if (at == end) return nullptr;
    if (*at == '"') return at + 1;
    if (*at != '\\' || end - at < 2 || std::strchr("\"\\/bfnrt", at[1]) == nullptr || at[1] == '\0')
      return nullptr;
    at += 2;
  }
}

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

const char* after_digits(const char* at, const char* end) noexcept {
  return std::find_if_not(at, end, is_digit);
}

const char* after_number(const char* at, const char* end) noexcept {
  if (at != end && *at == '-') ++at;
  const char* const whole = at;
  at = after_digits(at, end);
  if (at == whole || (*whole == '0' && at - whole > 1)) return nullptr;
  std::ptrdiff_t digits = at - whole;
  if (at != end && *at == '.') {
    const char* const fraction = at + 1;
    at = after_digits(fraction, end);
    if (at == fraction) return nullptr;
    digits += at - fraction;
  }
  if (digits > kMostDigits || (at != end && (*at == 'e' || *at == 'E'))) return nullptr;
  return at;
}

const char* after_word(const char* at, const char* end, std::string_view word) noexcept {
  return std::string_view(at, static_cast<std::size_t>(end - at)).starts_with(word) ? at + word.size()
                                                                                    : nullptr;
}

// Behind what is neither array nor object.
const char* after_scalar(const char* at, const char* end) noexcept {
  switch (*at) {
    case '"':
      return after_string(at, end);
    case 't':
      return after_word(at, end, "true");
    case 'f':
      return after_word(at, end, "false");
    case 'n':
      return after_word(at, end, "null");
    default:
      return after_number(at, end);
  }
}

const char* after_key(const char* at, const char* end) noexcept {
  at = after_string(at, end);
  return at != nullptr && at != end && *at == ':' ? at + 1 : nullptr;
}

// Behind the value at `at`; nullptr when there is no plain one.
const char* after_value(const char* at, const char* end, std::size_t depth) noexcept {
  std::uint64_t objects = 0;  // the lowest bit is of the innermost: an object, not an array
  std::size_t open = 0;
  while (at != nullptr && at != end) {
    if (*at == '{' || *at == '[') {
      if (open == std::min(depth, kMostPlainDepth)) return nullptr;
      const bool object = *at++ == '{';
      objects = objects << 1U | static_cast<std::uint64_t>(object);
      ++open;
      if (at == end) return nullptr;
      if (*at != (object ? '}' : ']')) {
        if (object) at = after_key(at, end);
        continue;
      }
    } else {
      at = after_scalar(at, end);
      if (at == nullptr) return nullptr;
    }
    // Behind a value, or before the end of an empty array or object.
    while (open > 0) {
      if (at == end) return nullptr;
      const bool object = (objects & 1U) != 0;
      if (*at == ',') {
        ++at;
        if (object) at = after_key(at, end);
        break;
      }
      if (*at != (object ? '}' : ']')) return nullptr;
      ++at;
      objects >>= 1U;
      --open;
    }
    if (open == 0) return at;
  }
  return nullptr;
}

}  // namespace

std::size_t plain_length(std::string_view text, std::size_t depth) noexcept {
  const char* const end = after_value(text.data(), text.data() + text.size(), depth);
  return end == nullptr ? 0 : static_cast<std::size_t>(end - text.data());
}

std::optional<std::string_view> plain_string(std::string_view value) noexcept {
  if (value.size() < 2 || value.front() != '"') return std::nullopt;
  const std::string_view content = value.substr(1, value.size() - 2);
  if (content.find('\\') != std::string_view::npos) return std::nullopt;
  return content;
}

std::optional<std::int64_t> plain_integer(std::string_view value) noexcept {
  std::int64_t number = 0;
  const char* const end = value.data() + value.size();
  const auto read = std::from_chars(value.data(), end, number);
  if (read.ec != std::errc{} || read.ptr != end) return std::nullopt;
  return number;
}

PlainMembers::PlainMembers(std::string_view text) noexcept : complete_(text == "{}") {
  if (!complete_ && text.starts_with('{')) rest_ = text.substr(1);
}

std::optional<PlainMembers::Member> PlainMembers::next() noexcept {
  if (rest_.empty()) return std::nullopt;
  const char* const begin = rest_.data();
  const char* const end = begin + rest_.size();
  const char* const value = after_key(begin, end);
  const char* const behind = value == nullptr ? nullptr : after_value(value, end, kMostPlainDepth);
  rest_ = {};
  if (behind == nullptr || behind == end) return std::nullopt;
  if (*behind == ',') {
    rest_ = {behind + 1, static_cast<std::size_t>(end - behind - 1)};
  } else {
    complete_ = *behind == '}' && behind + 1 == end;
  }
  const auto size = [](const char* from, const char* to) { return static_cast<std::size_t>(to - from); };
  return Member{{begin + 1, size(begin + 1, value - 2)}, {value, size(value, behind)}};
}

}  // namespace togglecast::json
