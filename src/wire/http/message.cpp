#include "wire/http/message.hpp"

#include <algorithm>

#include "wire/http/text.hpp"

namespace togglecast::wire::http {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = to_lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// The byte of `%XX` at `at`, or -1.
int escaped_byte(std::string_view text, std::size_t at) {
  if (at + 2 >= text.size()) return -1;
  const int high = hex_digit(text[at + 1]);
  const int low = hex_digit(text[at + 2]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

std::string decode_leniently(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int byte = text[i] == '%' ? escaped_byte(text, i) : -1;
    if (byte >= 0) {
      out += static_cast<char>(byte);
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

}  // namespace

std::string_view to_string(Method method) noexcept {
  switch (method) {
    case Method::get:
      return "GET";
    case Method::head:
      return "HEAD";
    case Method::post:
      return "POST";
    case Method::put:
      return "PUT";
    case Method::patch:
      return "PATCH";
    case Method::del:
      return "DELETE";
    case Method::options:
      return "OPTIONS";
    case Method::other:
      return "other";
  }
  return "other";
}

Query::Query(std::string_view encoded) {
  while (!encoded.empty()) {
    const std::size_t end = encoded.find('&');
    const std::string_view part = encoded.substr(0, end);
    encoded.remove_prefix(end == std::string_view::npos ? encoded.size() : end + 1);
    if (part.empty()) continue;
    const std::size_t equals = part.find('=');
    parameters_.emplace_back(
        decode_leniently(part.substr(0, equals)),
        equals == std::string_view::npos ? std::string() : decode_leniently(part.substr(equals + 1)));
  }
}

std::string_view Query::value(std::string_view name) const noexcept {
  const auto last = std::find_if(parameters_.rbegin(), parameters_.rend(),
                                 [name](const auto& parameter) { return parameter.first == name; });
  return last == parameters_.rend() ? std::string_view() : std::string_view(last->second);
}

bool Query::contains(std::string_view name) const noexcept {
  return std::any_of(parameters_.begin(), parameters_.end(),
                     [name](const auto& parameter) { return parameter.first == name; });
}

bool percent_decode(std::string_view text, std::string& out) {
  out.clear();
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const int byte = escaped_byte(text, i);
    if (byte < 0) return false;
    out += static_cast<char>(byte);
    i += 2;
  }
  return true;
}

}  // namespace togglecast::wire::http
