// The marker of a node: how far each environment's log went that this node has served. It is a file beside
// the data and no part of it. So when the store comes back with less than the node has served, or with other
// changes, the node notices (decision 0038).
//
// The newest rows of each log stand in the file with their texts. When they are lost in the store, their
// texts are still here.
//
//   {"format":1}
//   {"environment":"production","epoch":1,"revision":42,"chain":"…","at":"2026-11-28T10:00:00.000Z"}
//   {"chain":"…","row":{…}}     its rows, oldest first; `row` is the text of the chain
//
// Thread rule: one thread at a time.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "domain/state/log_row.hpp"
#include "storage/reader.hpp"

namespace togglecast::changes {

/// Of each environment.
inline constexpr std::size_t kMarkedRows = 128;
inline constexpr std::size_t kMarkedBytes = 64 * 1'024;

struct MarkedRow {
  domain::Revision revision = 0;
  Sha256 digest{};
  std::string text;
};

struct Mark {
  domain::Head head;
  std::deque<MarkedRow> rows;  ///< up to `head`, oldest first; bounded, so the first ones may be missing

  void add(const domain::LogRow& row);
};
using Marks = std::map<std::string, Mark>;

[[nodiscard]] std::string to_text(const Marks& marks);
[[nodiscard]] Result<Marks> parse_marks(std::string_view text);

/// No marks without the file; `internal` when it cannot be read.
[[nodiscard]] Result<Marks> read_marks(const std::string& file);
/// Replaces the file as a whole, synced.
[[nodiscard]] Result<void> write_marks(const std::string& file, const Marks& marks);

/// The store has less than the node has served, or something else.
struct Regression {
  std::string environment;
  domain::Head served;
  domain::Head found;  ///< of the store; revision and epoch 0 without the environment
  domain::Revision common =
      0;  ///< all after it is lost; it may have been lost earlier, when `rows` begin later
  std::vector<MarkedRow> rows;  ///< lost ones whose text is known, oldest first
};

/// Nothing when the store continues what the node has served. A mark that is older than the kept log proves
/// nothing.
[[nodiscard]] Result<std::optional<Regression>> find_regression(storage::Reader& reader,
                                                                const std::string& environment,
                                                                const Mark& mark);
/// Writes the texts of the lost rows into `folder`, one a line; answers the file, or an empty path without
/// rows.
[[nodiscard]] Result<std::string> keep_lost_rows(const std::string& folder, const Regression& regression);

}  // namespace togglecast::changes
