#include "wire/http/byte_range.hpp"

#include <algorithm>
#include <limits>
#include <optional>

#include "wire/http/text.hpp"

namespace togglecast::wire::http {
namespace {

constexpr std::size_t kMost = std::numeric_limits<std::size_t>::max();

// A number that is too large counts as the largest one: it is behind every end.
std::optional<std::size_t> position(std::string_view digits) noexcept {
  if (digits.empty()) return std::nullopt;
  std::size_t number = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    const auto digit = static_cast<std::size_t>(c - '0');
    number = number > (kMost - digit) / 10 ? kMost : number * 10 + digit;
  }
  return number;
}

// The last `length` bytes.
ByteRange suffix(std::size_t length, std::size_t size) noexcept {
  if (length == 0) return {RangeKind::unsatisfiable};
  if (size == 0) return {};  // no Content-Range can name a part of nothing
  const std::size_t taken = std::min(length, size);
  return {RangeKind::part, size - taken, taken};
}

}  // namespace

ByteRange byte_range(std::string_view field, std::size_t size) noexcept {
  constexpr std::string_view kUnit = "bytes=";
  field = trimmed(field);
  if (!equal_ignoring_case(field.substr(0, kUnit.size()), kUnit)) return {};
  const std::string_view range = trimmed(field.substr(kUnit.size()));
  const std::size_t dash = range.find('-');
  if (dash == std::string_view::npos) return {};
  const std::string_view end = range.substr(dash + 1);
  const auto last = position(end);
  if (dash == 0) return last ? suffix(*last, size) : ByteRange{};
  const auto first = position(range.substr(0, dash));
  if (!first || (!last && !end.empty()) || (last && *last < *first)) return {};
  if (*first >= size) return {RangeKind::unsatisfiable};
  const std::size_t rest = size - *first;
  if (!last) return {RangeKind::part, *first, rest};
  return {RangeKind::part, *first, *last - *first >= rest ? rest : *last - *first + 1};
}

bool range_counts(std::string_view if_range, std::string_view etag) noexcept {
  if_range = trimmed(if_range);
  if (if_range.empty()) return true;
  return if_range.size() == etag.size() + 2 && if_range.front() == '"' && if_range.back() == '"' &&
         if_range.substr(1, etag.size()) == etag;
}

}  // namespace togglecast::wire::http
