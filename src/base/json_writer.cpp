// The text of JSON values, as ECMAScript writes it.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

#include "base/json.hpp"
#include "base/json_text.hpp"

namespace togglecast::json {
namespace {

void append_unit_escape(std::string& out, unsigned unit) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += kDigits[unit >> shift & 15];
}

// ECMAScript's Number::toString (ECMA-262, 6.1.6.1.20).
void append_double(std::string& out, double number) {
  if (!std::isfinite(number)) {
    out += "null";
    return;
  }
  if (number == 0) {
    out += '0';
    return;
  }
  char text[32];
  const auto end =
      std::to_chars(text, text + sizeof text, std::abs(number), std::chars_format::scientific).ptr;
  const std::string_view scientific(text, static_cast<std::size_t>(end - text));
  const std::size_t e = scientific.find('e');
  int exponent = 0;
  const char* first = scientific.data() + e + (scientific[e + 1] == '+' ? 2 : 1);
  std::from_chars(first, end, exponent);
  std::string digits(1, scientific[0]);
  if (e > 2) digits += scientific.substr(2, e - 2);
  const int count = static_cast<int>(digits.size());
  const int point = exponent + 1;  // digits before the decimal point

  if (number < 0) out += '-';
  if (count <= point && point <= 21) {
    out += digits;
    out.append(static_cast<std::size_t>(point - count), '0');
  } else if (0 < point && point <= 21) {
    out.append(digits, 0, static_cast<std::size_t>(point))
        .append(1, '.')
        .append(digits, static_cast<std::size_t>(point));
  } else if (-6 < point && point <= 0) {
    out.append("0.").append(static_cast<std::size_t>(-point), '0').append(digits);
  } else {
    out += digits[0];
    if (count > 1) out.append(1, '.').append(digits, 1);
    out += 'e';
    out += exponent < 0 ? '-' : '+';
    out += std::to_string(std::abs(exponent));
  }
}

enum class Order : bool { given, sorted };

void append_value(std::string& out, const value& json, Order order);

void append_object(std::string& out, const object& members, Order order) {
  out += '{';
  bool first = true;
  const auto append_member = [&](const boost::json::key_value_pair& member) {
    if (!first) out += ',';
    first = false;
    append_string(out, member.key());
    out += ':';
    append_value(out, member.value(), order);
  };
  if (order == Order::given) {
    for (const auto& member : members) append_member(member);
  } else {
    std::vector<const boost::json::key_value_pair*> sorted;
    sorted.reserve(members.size());
    for (const auto& member : members) sorted.push_back(&member);
    std::sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) { return a->key() < b->key(); });
    for (const auto* member : sorted) append_member(*member);
  }
  out += '}';
}

void append_value(std::string& out, const value& json, Order order) {
  switch (json.kind()) {
    case kind::null:
      out += "null";
      break;
    case kind::bool_:
      out += json.get_bool() ? "true" : "false";
      break;
    case kind::int64:
      append_number(out, json.get_int64());
      break;
    case kind::uint64:
      append_number(out, json.get_uint64());
      break;
    case kind::double_:
      append_double(out, json.get_double());
      break;
    case kind::string:
      append_string(out, json.get_string());
      break;
    case kind::array: {
      out += '[';
      bool first = true;
      for (const auto& element : json.get_array()) {
        if (!first) out += ',';
        first = false;
        append_value(out, element, order);
      }
      out += ']';
      break;
    }
    case kind::object:
      append_object(out, json.get_object(), order);
      break;
  }
}

constexpr char kDelete = '\x7f';  // an ordinary character of JSON, and a control character elsewhere

// Whether these 8 or 16 bytes stand for themselves in a JSON string.
template <std::size_t kStep>
bool plain_at(const char* at) noexcept {
  using Bytes [[gnu::vector_size(kStep)]] = signed char;  // those beyond ASCII are below zero
  Bytes bytes;
  std::memcpy(&bytes, at, kStep);
  const Bytes special = (bytes < 0x20) | (bytes == kDelete) | (bytes == '"') | (bytes == '\\');
  std::array<std::uint64_t, kStep / 8> words;
  std::memcpy(words.data(), &special, kStep);
  return std::all_of(words.begin(), words.end(), [](std::uint64_t word) { return word == 0; });
}

// Leading bytes that stand for themselves, in steps of 8 or 16.
template <std::size_t kStep>
std::size_t plain_run(std::string_view text) noexcept {
  std::size_t i = 0;
  while (i + kStep <= text.size() && plain_at<kStep>(text.data() + i)) i += kStep;
  return i;
}

}  // namespace

// The last bytes are looked at together with some before them.
bool stands_for_itself(std::string_view text) noexcept {
  const char* end = text.data() + text.size();
  if (text.size() >= 16)
    return plain_run<16>(text) == (text.size() & ~std::size_t{15}) && plain_at<16>(end - 16);
  if (text.size() >= 8) return plain_at<8>(text.data()) && plain_at<8>(end - 8);
  return std::all_of(text.begin(), text.end(), [](char byte) {
    return static_cast<signed char>(byte) >= 0x20 && byte != kDelete && byte != '"' && byte != '\\';
  });
}

void append_string(std::string& out, std::string_view text) {
  out += '"';
  if (stands_for_itself(text)) {
    out += text;
    out += '"';
    return;
  }
  std::size_t start = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    i += plain_run<16>(text.substr(i));
    i += plain_run<8>(text.substr(i));
    if (i == text.size()) break;
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool surrogate =
        byte == 0xed && i + 2 < text.size() && static_cast<unsigned char>(text[i + 1]) >= 0xa0;
    if (byte >= 0x20 && byte != '"' && byte != '\\' && !surrogate) continue;
    out.append(text, start, i - start);
    start = i + 1;
    switch (byte) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\f':
        out += "\\f";
        break;
      case '\r':
        out += "\\r";
        break;
      default:
        if (surrogate) {
          const unsigned unit = 0xd000U | (static_cast<unsigned>(text[i + 1]) & 0x3fU) << 6 |
                                (static_cast<unsigned>(text[i + 2]) & 0x3fU);
          append_unit_escape(out, unit);
          i += 2;
          start = i + 1;
        } else {
          append_unit_escape(out, byte);
        }
    }
  }
  out.append(text, start, text.size() - start);
  out += '"';
}

void append(std::string& out, const value& json) { append_value(out, json, Order::given); }
void append(std::string& out, const object& members) { append_object(out, members, Order::given); }

std::string serialize(const value& json) {
  std::string out;
  append_value(out, json, Order::given);
  return out;
}

std::string canonical(const value& json) {
  std::string out;
  append_value(out, json, Order::sorted);
  return out;
}

}  // namespace togglecast::json
