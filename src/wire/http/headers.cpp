#include "wire/http/headers.hpp"

#include <algorithm>
#include <cstring>
#include <functional>

#include "wire/http/text.hpp"

namespace togglecast::wire::http {
namespace {

constexpr std::string_view kColon = ": ";
constexpr std::string_view kLineEnd = "\r\n";
constexpr std::size_t kUsualFields = 16;
constexpr std::size_t kUsualBytes = 512;

// Looks at eight bytes together.
bool has_control(std::string_view text) noexcept {
  constexpr std::uint64_t kSpaces = 0x2020'2020'2020'2020, kTops = 0x8080'8080'8080'8080;
  std::uint64_t below = 0;
  std::size_t i = 0;
  for (; i + sizeof(std::uint64_t) <= text.size(); i += sizeof(std::uint64_t)) {
    std::uint64_t eight = 0;
    std::memcpy(&eight, text.data() + i, sizeof eight);
    below |= (eight - kSpaces) & ~eight & kTops;
  }
  for (; i < text.size(); ++i) below |= static_cast<unsigned char>(text[i]) < ' ' ? 1 : 0;
  return below != 0;
}

}  // namespace

std::size_t Headers::Place::line() const noexcept { return name + kColon.size() + value + kLineEnd.size(); }

Headers::Field Headers::field(const Place& place) const noexcept {
  const std::string_view line = std::string_view(text_).substr(place.at, place.line());
  return {line.substr(0, place.name), line.substr(place.name + kColon.size(), place.value)};
}

const Headers::Place* Headers::find(std::string_view name) const noexcept {
  const auto found = std::find_if(places_.begin(), places_.end(), [&](const Place& place) {
    return place.name == name.size() &&
           equal_ignoring_case(std::string_view(text_).substr(place.at, place.name), name);
  });
  return found == places_.end() ? nullptr : &*found;
}

void Headers::reserve(std::size_t bytes) {
  text_.reserve(bytes);
  places_.reserve(kUsualFields);
}

bool Headers::holds(std::string_view text) const noexcept {
  const std::less_equal<const char*> before;
  return before(text_.data(), text.data()) && before(text.data(), text_.data() + text_.size());
}

void Headers::add(std::string_view name, std::string_view value) {
  if (holds(name) || holds(value)) return add(std::string(name), std::string(value));
  if (places_.empty() && text_.capacity() < kUsualBytes) reserve(kUsualBytes);
  const auto at = static_cast<std::uint32_t>(text_.size());
  text_ += name;
  text_ += kColon;
  text_ += value;
  if (has_control(std::string_view(text_).substr(at)))
    std::replace_if(
        text_.begin() + static_cast<std::ptrdiff_t>(at), text_.end(),
        [](char c) { return c == '\r' || c == '\n' || c == '\0'; }, ' ');
  text_ += kLineEnd;
  places_.push_back({at, static_cast<std::uint32_t>(name.size()), static_cast<std::uint32_t>(value.size())});
}

void Headers::set(std::string_view name, std::string_view value) {
  const Place* first = find(name);
  if (first == nullptr) return add(name, value);
  Headers changed;
  changed.reserve(text_.capacity());
  for (const Place& place : places_) {
    const auto [field_name, field_value] = field(place);
    if (&place == first) {
      changed.add(field_name, value);
    } else if (!equal_ignoring_case(field_name, name)) {
      changed.add(field_name, field_value);
    }
  }
  *this = std::move(changed);
}

std::string_view Headers::value(std::string_view name) const noexcept {
  const Place* found = find(name);
  return found == nullptr ? std::string_view() : field(*found).second;
}

bool Headers::same_name(std::string_view a, std::string_view b) noexcept { return equal_ignoring_case(a, b); }

bool Headers::contains(std::string_view name) const noexcept { return find(name) != nullptr; }

bool Headers::lists(std::string_view name, std::string_view token) const noexcept {
  for (const auto& [key, value] : fields()) {
    if (!equal_ignoring_case(key, name)) continue;
    std::string_view rest = value;
    while (!rest.empty()) {
      const std::size_t comma = rest.find(',');
      if (equal_ignoring_case(trimmed(rest.substr(0, comma)), token)) return true;
      rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
    }
  }
  return false;
}

}  // namespace togglecast::wire::http
