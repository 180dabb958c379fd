#include "domain/evaluation/jsonlogic/numbers.hpp"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>

#include "base/json.hpp"

namespace togglecast::domain::evaluation {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Bytes of the white space or line end that `text` begins with (ECMA-262, 12.2 and 12.3); 0 when none.
std::size_t leading_space(std::string_view text) noexcept {
  if (text.empty()) return 0;
  const char c = text[0];
  if (c == ' ' || (c >= '\t' && c <= '\r')) return 1;
  if (text.starts_with("\xc2\xa0")) return 2;
  for (const std::string_view space : {"\xe1\x9a\x80", "\xe2\x80\xa8", "\xe2\x80\xa9", "\xe2\x80\xaf",
                                       "\xe2\x81\x9f", "\xe3\x80\x80", "\xef\xbb\xbf"}) {
    if (text.starts_with(space)) return 3;
  }
  const bool en_quad_to_hair_space = text.starts_with("\xe2\x80") && text.size() > 2 &&
                                     static_cast<unsigned char>(text[2]) >= 0x80 &&
                                     static_cast<unsigned char>(text[2]) <= 0x8a;
  return en_quad_to_hair_space ? 3 : 0;
}

std::string_view without_leading_space(std::string_view text) noexcept {
  while (const std::size_t bytes = leading_space(text)) text.remove_prefix(bytes);
  return text;
}

bool only_space(std::string_view text) noexcept { return without_leading_space(text).empty(); }

bool digit_at(std::string_view text, std::size_t at) noexcept {
  return at < text.size() && text[at] >= '0' && text[at] <= '9';
}

struct Read {
  double number = kNaN;
  std::size_t length = 0;  ///< 0 when there is no number
};

// StrDecimalLiteral at the beginning of `text`.
Read read_decimal(std::string_view text) noexcept {
  const bool negative = text.starts_with('-');
  const std::size_t sign = negative || text.starts_with('+') ? 1 : 0;
  const std::string_view digits = text.substr(sign);
  constexpr std::string_view kInfinityText = "Infinity";
  if (digits.starts_with(kInfinityText)) {
    return {negative ? -kInfinity : kInfinity, sign + kInfinityText.size()};
  }
  if (!digit_at(digits, 0) && !(digits.starts_with('.') && digit_at(digits, 1))) return {};
  double number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error == std::errc::result_out_of_range) {
    number = std::strtod(std::string(digits.data(), end).c_str(), nullptr);  // 0 or infinity
  } else if (error != std::errc{}) {
    return {};
  }
  return {negative ? -number : number, sign + static_cast<std::size_t>(end - digits.data())};
}

// 0x, 0o, 0b; NaN when there is anything else.
double read_radix(std::string_view digits, unsigned radix) noexcept {
  if (digits.empty()) return kNaN;
  double number = 0;
  for (const char c : digits) {
    unsigned digit = 99;
    if (c >= '0' && c <= '9') digit = static_cast<unsigned>(c - '0');
    if (c >= 'a' && c <= 'f') digit = static_cast<unsigned>(c - 'a') + 10;
    if (c >= 'A' && c <= 'F') digit = static_cast<unsigned>(c - 'A') + 10;
    if (digit >= radix) return kNaN;
    number = number * radix + digit;
  }
  return number;
}

}  // namespace

double text_to_number(std::string_view text) noexcept {
  text = without_leading_space(text);
  if (text.empty()) return 0;
  if (text.size() > 1 && text[0] == '0') {
    std::string_view digits = text.substr(2);
    while (!digits.empty() && only_space(digits.substr(digits.size() - 1))) digits.remove_suffix(1);
    switch (text[1]) {
      case 'x':
      case 'X':
        return read_radix(digits, 16);
      case 'o':
      case 'O':
        return read_radix(digits, 8);
      case 'b':
      case 'B':
        return read_radix(digits, 2);
      default:
        break;
    }
  }
  const Read read = read_decimal(text);
  return read.length > 0 && only_space(text.substr(read.length)) ? read.number : kNaN;
}

double leading_number(std::string_view text) noexcept {
  return read_decimal(without_leading_space(text)).number;
}

void append_number(std::string& out, double number) {
  if (std::isnan(number)) {
    out += "NaN";
  } else if (std::isinf(number)) {
    out += number < 0 ? "-Infinity" : "Infinity";
  } else {
    json::append(out, json::value(number));
  }
}

double to_integer(double number) noexcept { return std::isnan(number) ? 0 : std::trunc(number); }

}  // namespace togglecast::domain::evaluation
