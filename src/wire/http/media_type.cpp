#include "wire/http/media_type.hpp"

#include <algorithm>
#include <array>
#include <iterator>

#include "wire/http/text.hpp"

namespace togglecast::wire::http {
namespace {

bool is_token_char(char c) noexcept {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  return (c >= '0' && c <= '9') || (to_lower(c) >= 'a' && to_lower(c) <= 'z') ||
         kOthers.find(c) != std::string_view::npos;
}

std::string_view take_token(std::string_view& rest) noexcept {
  const auto* const end = std::find_if_not(rest.begin(), rest.end(), is_token_char);
  const auto size = static_cast<std::size_t>(end - rest.begin());
  const std::string_view token = rest.substr(0, size);
  rest.remove_prefix(size);
  return token;
}

bool take(std::string_view& rest, char wanted) noexcept {
  if (rest.empty() || rest.front() != wanted) return false;
  rest.remove_prefix(1);
  return true;
}

// Visible ASCII, spaces and tabs between two quotes; a backslash takes the next character as it is. With its
// quotes; empty when there is none.
std::string_view take_quoted(std::string_view& rest) noexcept {
  std::size_t i = 1;
  while (i < rest.size() && rest[i] != '"') {
    if (rest[i] == '\\') ++i;
    if (i >= rest.size() || (rest[i] != '\t' && (rest[i] < ' ' || rest[i] > '~'))) return {};
    ++i;
  }
  if (i >= rest.size()) return {};
  const std::string_view quoted = rest.substr(0, i + 1);
  rest.remove_prefix(i + 1);
  return quoted;
}

void append_lower(std::string& out, std::string_view text) {
  std::transform(text.begin(), text.end(), std::back_inserter(out), to_lower);
}

bool append_parameter(std::string& out, std::string_view& rest) {
  const std::string_view name = take_token(rest);
  if (name.empty() || !take(rest, '=')) return false;
  const std::string_view value = !rest.empty() && rest.front() == '"' ? take_quoted(rest) : take_token(rest);
  if (value.empty()) return false;
  out += "; ";
  append_lower(out, name);
  out += '=';
  out += value;
  return true;
}

}  // namespace

std::optional<std::string> media_type(std::string_view text) {
  std::string_view rest = trimmed(text);
  std::string out;
  const std::string_view type = take_token(rest);
  if (type.empty() || !take(rest, '/')) return std::nullopt;
  const std::string_view subtype = take_token(rest);
  if (subtype.empty()) return std::nullopt;
  append_lower(out, type);
  out += '/';
  append_lower(out, subtype);
  for (rest = trimmed(rest); !rest.empty(); rest = trimmed(rest)) {
    if (!take(rest, ';')) return std::nullopt;
    rest = trimmed(rest);
    if (rest.empty() || rest.front() == ';') continue;
    if (!append_parameter(out, rest)) return std::nullopt;
  }
  return out;
}

std::string_view essence(std::string_view media_type) noexcept {
  return trimmed(media_type.substr(0, media_type.find(';')));
}

bool is_raster_image(std::string_view media_type) noexcept {
  constexpr std::array<std::string_view, 5> kShown{"image/png", "image/jpeg", "image/gif", "image/webp",
                                                   "image/avif"};
  return std::any_of(kShown.begin(), kShown.end(), [type = essence(media_type)](std::string_view shown) {
    return equal_ignoring_case(type, shown);
  });
}

}  // namespace togglecast::wire::http
