// The schema `togglecast` of the database, and how it comes to be: one transaction under an advisory lock, so
// many servers may start on an empty or old database at once. Thread rule: that of the link.
#pragma once

#include <cstdint>
#include <span>

#include "storage/postgres/connection/link.hpp"

namespace togglecast::storage::postgres {

/// Advisory locks of ours: "TGCT", and a number.
inline constexpr std::int64_t kMigrationLock = 0x54474354'0000'0001;
inline constexpr std::int64_t kAssetsLock = 0x54474354'0000'0002;

/// The steps from an empty schema to the present one; the number of the last one is the schema's version.
[[nodiscard]] std::span<const char* const> migrations() noexcept;

/// Makes the schema, or brings it up to date. `unavailable` when a newer program has written it, when the
/// database's encoding is not UTF-8, or when the user may not make a schema.
[[nodiscard]] Result<void> migrate(Link& link);

}  // namespace togglecast::storage::postgres
