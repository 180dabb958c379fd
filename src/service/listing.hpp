// Pages of a table, by ascending id, from one snapshot. Thread rule: pure functions.
#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "domain/snapshot.hpp"

namespace togglecast::service {

inline constexpr std::size_t kMaxPage = 1'000;

struct PageQuery {
  domain::Id after = 0;     ///< entities with a higher id
  std::size_t limit = 100;  ///< at most kMaxPage
};

template <typename T>
struct Page {
  domain::SnapshotPtr snapshot;  ///< what it was read from: its revision goes with the answer
  std::vector<std::shared_ptr<const T>> items;
  domain::Id next = 0;  ///< `after` of the next page; 0: this was the last
};

template <typename T>
[[nodiscard]] Page<T> page_of(domain::SnapshotPtr snapshot, const PageQuery& query) {
  Page<T> page;
  const std::size_t limit = std::clamp<std::size_t>(query.limit, 1, kMaxPage);
  snapshot->table<T>().by_id.for_each_from(query.after + 1, [&](domain::Id, const auto& entity) {
    if (page.items.size() == limit) {
      page.next = page.items.back()->id;
      return false;
    }
    page.items.push_back(entity);
    return true;
  });
  page.snapshot = std::move(snapshot);
  return page;
}

}  // namespace togglecast::service
