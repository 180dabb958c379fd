// Loading an environment: the stored state becomes a snapshot, and the chain of its newest rows is checked.
// One function for every store. Thread rule: that of the reader.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "storage/reader.hpp"

namespace togglecast::storage {

/// The state of an environment and the rows that led to it.
struct Loaded {
  domain::SnapshotPtr snapshot;
  domain::Head before;                 ///< the head that `recent` follows
  std::vector<domain::LogRow> recent;  ///< oldest first
};

/// Rows of the log that follow each other.
struct OlderRows {
  domain::Head before;               ///< the head that they follow
  std::vector<domain::LogRow> rows;  ///< oldest first
};

/// The up to `limit` rows that led to `head`; none at the beginning of the log. `internal` when they do not
/// lead there.
[[nodiscard]] Result<OlderRows> load_older(Reader& reader, const std::string& environment,
                                           const domain::Head& head, std::size_t limit);

/// The newest state and up to `recent` rows. `not_found` without such an environment, `internal` when the
/// stored data contradicts itself.
[[nodiscard]] Result<Loaded> load(Reader& reader, const std::string& environment, std::size_t recent);

}  // namespace togglecast::storage
