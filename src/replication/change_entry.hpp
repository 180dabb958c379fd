// One committed change as an entry of a stream of Redis. Its id is `epoch-revision`, so every node that
// adds the change writes the same one. Thread rule: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/state/log_row.hpp"

namespace togglecast::replication {

/// The id of an entry.
struct EntryId {
  std::int64_t epoch = 0;
  domain::Revision revision = 0;
  friend auto operator<=>(const EntryId&, const EntryId&) = default;
};
[[nodiscard]] std::string to_string(const EntryId& id);
/// Nothing for ids that no change can have.
[[nodiscard]] std::optional<EntryId> parse_entry_id(std::string_view text) noexcept;
[[nodiscard]] inline EntryId id_of(const domain::Head& head) noexcept { return {head.epoch, head.revision}; }

/// A longer `change` is left out.
inline constexpr std::size_t kLongestChange = 1 << 20;

/// Names and values, in turn: v, offset, previous, at, actor, summary, then change or omitted. `previous` is
/// the head that the row follows.
[[nodiscard]] std::vector<std::string> entry_fields(const domain::LogRow& row, const domain::Head& previous);

}  // namespace togglecast::replication
