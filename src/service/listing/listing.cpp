#include "service/listing/listing.hpp"

#include <array>
#include <charconv>

#include "base/base64.hpp"
#include "base/digest.hpp"

namespace togglecast::service {
namespace {

constexpr std::size_t kSeal = 9;  // a cursor begins with so many bytes of a digest

std::string seal_of(std::string_view identity, std::string_view position) {
  const Sha256 digest = sha256(std::string(identity) + '\n' + std::string(position));
  return {reinterpret_cast<const char*>(digest.data()), kSeal};
}

std::string position_of(const Place& place) {
  return std::to_string(place.id) + ' ' + std::to_string(place.number) + ' ' + place.text;
}

std::optional<std::int64_t> take_number(std::string_view& text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end == text.data() + text.size() || *end != ' ') return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
  return number;
}

}  // namespace

std::optional<Sort> Sort::parse(std::string_view text) noexcept {
  constexpr std::array kNames{std::pair{std::string_view("id"), SortBy::id},
                              std::pair{std::string_view("key"), SortBy::key},
                              std::pair{std::string_view("name"), SortBy::name},
                              std::pair{std::string_view("created_at"), SortBy::created_at},
                              std::pair{std::string_view("updated_at"), SortBy::updated_at}};
  Sort sort;
  sort.descending = text.starts_with('-');
  if (sort.descending) text.remove_prefix(1);
  for (const auto& [name, by] : kNames) {
    if (text != name) continue;
    sort.by = by;
    return sort;
  }
  return std::nullopt;
}

std::string PageQuery::tag_suffix() const {
  const bool reads_time =
      std::any_of(filters.begin(), filters.end(), [](const auto& filter) { return filter.first == "stale"; });
  return reads_time ? ".h" + std::to_string(now.value / kHour) : std::string();
}

std::string list_identity(const domain::Snapshot& snapshot, domain::Kind kind, const PageQuery& query) {
  json::array filters;
  for (const auto& [name, value] : query.filters) filters.push_back(json::array{name, value});
  return json::serialize(json::array{snapshot.environment(), domain::to_string(kind), query.search,
                                     std::move(filters), static_cast<int>(query.sort.by),
                                     query.sort.descending});
}

std::string make_cursor(std::string_view identity, const Place& last) {
  const std::string position = position_of(last);
  return base64url_encode(seal_of(identity, position) + position);
}

Result<std::optional<Place>> read_cursor(std::string_view identity, std::string_view cursor) {
  if (cursor.empty()) return std::nullopt;
  const auto bytes = base64url_decode(cursor);
  if (bytes && bytes->size() > kSeal) {
    std::string_view position = std::string_view(*bytes).substr(kSeal);
    if (seal_of(identity, position) == bytes->substr(0, kSeal)) {
      const auto id = take_number(position);
      const auto number = take_number(position);
      if (id && number) return Place{*number, std::string(position), *id};
    }
  }
  return fail(
      Errc::invalid_argument,
      "the parameter cursor does not belong to this list; send the same search, filters and order as for "
      "the page before");
}

}  // namespace togglecast::service
