// Proves that a database and the write-ahead log beside it belong together, before SQLite blends them. SQLite
// itself takes any log that lies there: a restored backup would lose its own pages to it (decision 0034).
//
// Each write counts a step of the current life, which begins when a process opens the store. Row `place` has
// them, so each transaction in the log has them too. A log belongs to the database if the database is at a
// step that the log contains, or at its base, the step at which the log began. Thread rule: that of the
// store.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include "storage/sqlite/connection/database.hpp"
#include "storage/sqlite/data_folder.hpp"

namespace togglecast::storage::sqlite {

struct Step {
  std::int64_t life = 0;  ///< random; 0: written by a version that did not count
  std::int64_t number = 0;
  friend bool operator==(const Step&, const Step&) = default;
};

/// The step that the database file itself is at, whatever lies beside it; nothing in a file without row
/// `place`.
[[nodiscard]] Result<std::optional<Step>> step_of_file(const DataFolder& folder);

/// Counts a step; in the transaction that makes it.
[[nodiscard]] Result<void> count_step(Database& database);

/// Call it before anything opens the database for writing. A log that does not belong to the database is
/// renamed, and the new path is the answer. `internal` when the database is damaged without that log: then
/// nothing was changed.
[[nodiscard]] Result<std::optional<std::filesystem::path>> settle_wal(const DataFolder& folder);

/// Watches over the pair while the server runs.
class WalKeeper {
 public:
  explicit WalKeeper(std::filesystem::path wal) : wal_(std::move(wal)) {}

  /// Writes down the base of a log that SQLite has begun again; call it inside of a write transaction, before
  /// its step.
  [[nodiscard]] Result<void> note_base(Database& database);
  /// Whether the database file still holds a state of this store. Another program may have written a backup
  /// into it.
  [[nodiscard]] Result<bool> holds_own_state(Database& database, const DataFolder& folder);

 private:
  std::filesystem::path wal_;
  std::string salt_;         // of the log at the last write
  std::int64_t life_ = 0;    // of the store
  std::int64_t proven_ = 0;  // the step of the file at the last look; it never goes back
};

}  // namespace togglecast::storage::sqlite
