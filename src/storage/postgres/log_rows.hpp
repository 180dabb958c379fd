// Reading environments and rows of the change log, for the store and its readers. Thread rule: that of the
// link.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "domain/state/log_row.hpp"
#include "storage/postgres/connection/link.hpp"

namespace togglecast::storage::postgres {

/// Columns in the order that `read_row` expects; `l` is change_log, `e` its environment.
#define TOGGLECAST_PG_LOG_COLUMNS "e.key, l.epoch, l.revision, l.at, l.actor, l.change, l.digest"
#define TOGGLECAST_PG_LOG "togglecast.change_log l JOIN togglecast.environment e ON e.id = l.environment"

[[nodiscard]] Result<domain::LogRow> read_row(const Rows& rows, int row);
/// The same without `change`, which is not parsed.
[[nodiscard]] Result<domain::LogRow> read_row_texts(const Rows& rows, int row);
[[nodiscard]] Result<std::vector<domain::LogRow>> read_rows(const Rows& rows);

/// Columns: epoch, revision, digest, time, from `first` on.
[[nodiscard]] Result<domain::Head> read_head(const Rows& rows, int row, int first);
[[nodiscard]] Result<Sha256> read_digest(std::string_view bytes);
[[nodiscard]] std::string_view digest_bytes(const Sha256& digest) noexcept;

/// An environment as its own row has it, and the beginning of its log.
struct EnvironmentRow {
  std::int64_t number = 0;
  domain::Head head;
  domain::Head anchor;  ///< that the oldest kept row follows
  std::int64_t log_bytes = 0;
};
/// One row, or none, that `read_environment` reads. With `lock`, nobody else writes into this environment
/// until the transaction ends; what refers to its row, such as a message, may still be written.
[[nodiscard]] Statement environment_of(const std::string& key, bool lock);
/// `not_found` without a row.
[[nodiscard]] Result<EnvironmentRow> read_environment(const Rows& rows, const std::string& key);

/// Up to `limit` rows after `after`, oldest first, for `read_rows`.
[[nodiscard]] Statement rows_of_environment(const std::string& key, domain::Revision after,
                                            std::size_t limit);

/// A transaction that has read an environment.
struct OpenEnvironment {
  Transaction transaction;
  EnvironmentRow row;
};
[[nodiscard]] Result<OpenEnvironment> open_environment(Link& link, const std::string& key,
                                                       Transaction::Kind kind, int patience = 1);

/// The row of that revision; `not_found` without it.
[[nodiscard]] Result<domain::LogRow> read_revision(Transaction& transaction, std::int64_t environment,
                                                   domain::Revision revision);

}  // namespace togglecast::storage::postgres
