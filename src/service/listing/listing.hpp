// Pages of a table from one snapshot: searched, filtered, sorted.
//
// A cursor asks for the next page. It says where the last page ended and names no snapshot, so pages stay
// correct while others write:
// * a deleted entity is missing;
// * an entity added behind the cursor appears;
// * an entity appears twice only if its place in the order changed.
// A cursor is valid only for the list that it came from.
// Thread rule: pure functions. Errors: `invalid_argument` that names the parameter.
#pragma once

#include <algorithm>
#include <compare>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "domain/state/snapshot.hpp"
#include "service/listing/filters.hpp"
#include "service/listing/text_search.hpp"

namespace togglecast::service {

inline constexpr std::size_t kMaxPage = 1'000;
/// A page of any list ends with the entry that brings it to so many bytes of JSON.
inline constexpr std::size_t kPageBytes = 256 * 1'024;
inline constexpr std::size_t kMaxSearch = 200;  ///< bytes of the search text

enum class SortBy : std::uint8_t { id, key, name, created_at, updated_at };

struct Sort {
  SortBy by = SortBy::id;
  bool descending = false;

  /// `name`, or `-name` for descending.
  [[nodiscard]] static std::optional<Sort> parse(std::string_view text) noexcept;
};

inline constexpr std::int64_t kHour = 3'600'000;  ///< ms

struct PageQuery {
  std::string search{};                                        ///< part of key, name or description
  std::vector<std::pair<std::string, std::string>> filters{};  ///< name and value: filters.hpp
  Sort sort{};
  std::string cursor{};     ///< empty: the first page
  std::size_t limit = 100;  ///< at most kMaxPage
  UnixMillis now{};         ///< of the wall clock, to the hour, for filters that read it

  /// What makes a tag of the state one of the list: the hour, when a filter reads it. Else empty.
  [[nodiscard]] std::string tag_suffix() const;
};

template <typename T>
struct Page {
  domain::SnapshotPtr snapshot;  ///< the state that was read; the answer carries its revision
  std::vector<std::shared_ptr<const T>> items;
  std::string next_cursor;  ///< of the next page; empty: this is the last page
  std::size_t total = 0;    ///< entities on all pages
  std::string identity{};   ///< of the list, for a cursor
  SortBy sort = SortBy::id;

  /// Ends the page after its first `count` entries, at least one.
  void cut(std::size_t count);
};

/// The place of an entity in a sorted list. Texts compare without case; the id decides between equal places.
struct Place {
  std::int64_t number = 0;
  std::string text;
  domain::Id id = 0;
  friend auto operator<=>(const Place&, const Place&) = default;
};

template <typename T>
[[nodiscard]] Place place_of(const T& entity, SortBy by) {
  switch (by) {
    case SortBy::id:
      break;
    case SortBy::name:
      if constexpr (requires { entity.name; }) return {0, fold_case(entity.name), entity.id};
      [[fallthrough]];
    case SortBy::key:
      return {0, entity.unique_key(), entity.id};
    case SortBy::created_at:
      return {entity.created_at.value, {}, entity.id};
    case SortBy::updated_at:
      return {entity.updated_at.value, {}, entity.id};
  }
  return {0, {}, entity.id};
}

/// The identity of a list, for its cursors: environment, kind, search, filters and sort.
[[nodiscard]] std::string list_identity(const domain::Snapshot& snapshot, domain::Kind kind,
                                        const PageQuery& query);
[[nodiscard]] std::string make_cursor(std::string_view identity, const Place& last);
/// Nothing for the first page.
[[nodiscard]] Result<std::optional<Place>> read_cursor(std::string_view identity, std::string_view cursor);

template <typename T>
void Page<T>::cut(std::size_t count) {
  count = std::max<std::size_t>(count, 1);
  if (count >= items.size()) return;
  items.resize(count);
  next_cursor = make_cursor(identity, place_of(*items.back(), sort));
}

template <typename T>
[[nodiscard]] bool is_found(const T& entity, std::string_view folded) {
  if (folded.empty() || contains_folded(entity.unique_key(), folded)) return true;
  if constexpr (requires { entity.name; }) {
    if (contains_folded(entity.name, folded)) return true;
  }
  if constexpr (requires { entity.label; }) {
    if (contains_folded(entity.label, folded)) return true;
  }
  if constexpr (requires { entity.description; }) {
    if (contains_folded(entity.description, folded)) return true;
  }
  return false;
}

/// A page of the entities that `each(visit)` visits; the filters of `query` count for nothing. `identity` is
/// that of their list.
template <typename T, typename Each>
[[nodiscard]] Result<Page<T>> page_from(domain::SnapshotPtr snapshot, const std::string& identity,
                                        const PageQuery& query, Each&& each) {
  using Entry = std::pair<Place, std::shared_ptr<const T>>;
  const std::size_t limit = std::clamp<std::size_t>(query.limit, 1, kMaxPage);
  const auto after = read_cursor(identity, query.cursor);
  if (!after) return tl::unexpected(after.error());
  const std::string folded = fold_case(query.search);
  const auto precedes = [descending = query.sort.descending](const Place& a, const Place& b) {
    return descending ? b < a : a < b;
  };
  const auto by_place = [&](const Entry& a, const Entry& b) { return precedes(a.first, b.first); };

  Page<T> page;
  std::vector<Entry> best;  // a heap with the last entry on top; holds one entry more than the page
  each([&](const std::shared_ptr<const T>& entity) {
    if (!is_found(*entity, folded)) return;
    ++page.total;
    Place place = place_of(*entity, query.sort.by);
    if (*after && !precedes(**after, place)) return;
    if (best.size() > limit) {
      if (!precedes(place, best.front().first)) return;
      std::pop_heap(best.begin(), best.end(), by_place);
      best.pop_back();
    }
    best.emplace_back(std::move(place), entity);
    std::push_heap(best.begin(), best.end(), by_place);
  });
  std::sort_heap(best.begin(), best.end(), by_place);
  page.identity = identity;
  page.sort = query.sort.by;
  const bool is_last = best.size() <= limit;
  if (!is_last) best.pop_back();
  for (const auto& [place, entity] : best) page.items.push_back(entity);
  if (!is_last) page.next_cursor = make_cursor(identity, best.back().first);
  page.snapshot = std::move(snapshot);
  return page;
}

/// A page of all entities of a kind.
template <typename T>
[[nodiscard]] Result<Page<T>> page_of(const domain::SnapshotPtr& snapshot, const PageQuery& query) {
  const auto wanted = make_filter<T>(FilterInput{*snapshot, query.now}, query.filters);
  if (!wanted) return tl::unexpected(wanted.error());
  return page_from<T>(snapshot, list_identity(*snapshot, T::kKind, query), query, [&](const auto& visit) {
    snapshot->table<T>().by_id.for_each([&](domain::Id, const std::shared_ptr<const T>& entity) {
      if ((*wanted)(*entity)) visit(entity);
    });
  });
}

}  // namespace togglecast::service
