// The history of several nodes as one: what a node tells another, and what a page is told. Thread rule: pure
// functions.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "observe/history.hpp"

namespace togglecast::realtime {

struct NodeHistory {
  std::string id;
  std::string name;
  observe::History::Part part;
};

/// `1s` or `10s`.
[[nodiscard]] std::string_view to_string(observe::History::Step step) noexcept;

/// `[{name, of, unit, together}]`: what the values are of, in their order.
[[nodiscard]] json::array to_json(std::span<const observe::HistorySeries> series);

/// What a node tells of itself: `{keys, times, values}`.
[[nodiscard]] json::object to_wire(std::span<const observe::HistorySeries> series,
                                   const observe::History::Part& part);
/// The same in the order of these series, whatever that of the other node is. Series that it does not have
/// are without values; a part that cannot be read is empty.
[[nodiscard]] observe::History::Part history_in(std::span<const observe::HistorySeries> series,
                                                const json::object& wire);

/// `{resolution, times, total, nodes: [{id, name, values}]}`, up to the span that ends at `until`. `values`
/// and `total` have a list for each series, with a value or null for each time.
[[nodiscard]] json::object to_json(std::span<const observe::HistorySeries> series,
                                   observe::History::Step step, const std::vector<NodeHistory>& nodes,
                                   std::int64_t until);

/// A digest of what `to_json` would show.
[[nodiscard]] std::string tag_of(observe::History::Step step, const std::vector<NodeHistory>& nodes,
                                 std::int64_t since, std::int64_t until);

}  // namespace togglecast::realtime
