#include "base/json.hpp"

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <charconv>

#include "base/json_value_builder.hpp"

namespace togglecast::json {
namespace {

constexpr std::size_t kEscapeLength = 6;  // \uHHHH

// The code unit of `\uHHHH` at `text[at]`, or -1.
int escaped_unit(std::string_view text, std::size_t at) {
  if (at + kEscapeLength > text.size() || text[at] != '\\' || text[at + 1] != 'u') return -1;
  unsigned unit = 0;
  const char* first = text.data() + at + 2;
  const auto [end, error] = std::from_chars(first, first + 4, unit, 16);
  return error == std::errc{} && end == first + 4 ? static_cast<int>(unit) : -1;
}

bool is_high(int unit) { return unit >= 0xd800 && unit <= 0xdbff; }
bool is_low(int unit) { return unit >= 0xdc00 && unit <= 0xdfff; }

// Boost.JSON refuses lone surrogate escapes: they become their three-byte form before it reads the text.
std::string with_raw_lone_surrogates(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] != '\\') {
      out += text[i++];
      continue;
    }
    const int unit = escaped_unit(text, i);
    const bool pair = is_high(unit) && is_low(escaped_unit(text, i + kEscapeLength));
    if (!pair && (is_high(unit) || is_low(unit))) {
      out += static_cast<char>(0xe0 | unit >> 12);
      out += static_cast<char>(0x80 | (unit >> 6 & 0x3f));
      out += static_cast<char>(0x80 | (unit & 0x3f));
      i += kEscapeLength;
      continue;
    }
    const std::size_t length = pair ? 2 * kEscapeLength : 2;  // every other escape has at least two bytes
    out += text.substr(i, length);
    i += std::min(length, text.size() - i);
  }
  return out;
}

bool mentions_surrogate_escape(std::string_view text) {
  return text.find("\\ud") != std::string_view::npos || text.find("\\uD") != std::string_view::npos;
}

}  // namespace

Result<value> parse(std::string_view text, const Limits& limits) {
  boost::json::parse_options options;
  options.max_depth = limits.depth;
  options.allow_invalid_utf8 = true;  // callers hand in valid UTF-8; only our three-byte surrogates deviate
  std::string rewritten;
  if (mentions_surrogate_escape(text)) {
    rewritten = with_raw_lone_surrogates(text);
    text = rewritten;
  }
  boost::json::basic_parser<ValueBuilder> parser(options, limits.infinities);
  boost::system::error_code error;
  const std::size_t read = parser.write_some(false, text.data(), text.size(), error);
  if (!error && read < text.size()) error = boost::json::error::extra_data;
  if (error) {
    if (error == boost::json::error::too_deep) {
      return fail(Errc::payload_too_large,
                  "JSON nested deeper than " + std::to_string(limits.depth) + " levels");
    }
    const bool huge = error == boost::json::error::exponent_overflow;
    return fail(Errc::parse_error, "JSON error at byte " + std::to_string(read) + ": " +
                                       (huge ? "a number larger than a double holds" : error.message()));
  }
  return parser.handler().release();
}

const value* find(const value& json, std::string_view key) noexcept {
  const auto* members = json.if_object();
  return members == nullptr ? nullptr : members->if_contains(key);
}

std::string_view string_or_empty(const value& json, std::string_view key) noexcept {
  const auto* member = find(json, key);
  if (member == nullptr || !member->is_string()) return {};
  return member->get_string();
}

}  // namespace togglecast::json
