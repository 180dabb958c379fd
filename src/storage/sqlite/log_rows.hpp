// Reading rows of the change log, for the store and its readers. Thread rule: that of the database.
#pragma once

#include "domain/state/log_row.hpp"
#include "storage/sqlite/connection/database.hpp"

namespace togglecast::storage::sqlite {

/// Columns in the order that `read_row` expects; `l` is change_log, `e` its environment.
#define TOGGLECAST_LOG_COLUMNS "e.key, l.epoch, l.revision, l.at, l.actor, l.change, l.digest"

[[nodiscard]] Result<domain::LogRow> read_row(const Statement& statement);
/// The same without `change`, which is not parsed.
[[nodiscard]] Result<domain::LogRow> read_row_texts(const Statement& statement);
/// All rows that the statement answers.
[[nodiscard]] Result<std::vector<domain::LogRow>> read_rows(Statement& statement);
/// The row of that revision; `not_found` without it.
[[nodiscard]] Result<domain::LogRow> read_revision(Database& database, std::int64_t environment,
                                                   domain::Revision revision);

/// Columns: epoch, revision, digest, time, from `first` on.
[[nodiscard]] Result<domain::Head> read_head(const Statement& statement, int first);
/// The head that the oldest kept row follows. Rows up to it are no part of the log, even if they are still
/// there.
[[nodiscard]] Result<domain::Head> read_anchor(Database& database, std::int64_t environment);

[[nodiscard]] Result<Sha256> read_digest(const Statement& statement, int column);
[[nodiscard]] std::string_view digest_bytes(const Sha256& digest) noexcept;

/// The number of an environment in this database; `not_found` without such an environment.
[[nodiscard]] Result<std::int64_t> environment_number(Database& database, const std::string& key);

}  // namespace togglecast::storage::sqlite
