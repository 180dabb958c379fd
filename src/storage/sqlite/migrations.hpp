// The schema, as a list of steps. A database stores the number of its steps.
// Thread rule: called once, while opening.
#pragma once

#include <cstdint>
#include <span>

#include "storage/sqlite/connection/database.hpp"

namespace togglecast::storage::sqlite {

/// Step n leads from version n to n + 1. A released step is never edited. A step only adds, so that servers
/// of the version before go on working beside it (decision 0045).
[[nodiscard]] std::span<const char* const> migrations() noexcept;

/// Runs the missing steps in one transaction. `unavailable` when the database is newer than this program,
/// `internal` when it belongs to another.
[[nodiscard]] Result<void> migrate(Database& database);

}  // namespace togglecast::storage::sqlite
