// The rows of assets, see the tables in migrations.cpp. Thread rule: that of the database; writing calls need
// an open transaction.
#pragma once

#include <string>
#include <vector>

#include "storage/sqlite/connection/database.hpp"
#include "storage/write_transaction.hpp"

namespace togglecast::storage::sqlite {

/// Does nothing when they are stored already.
[[nodiscard]] Result<void> store_bytes(Database& database, const AssetWrite& asset);
/// Notes the assets that the op of this revision names, and those that its entity has now. `conflict` when
/// the bytes of one are not stored.
[[nodiscard]] Result<void> name_assets(Database& database, std::int64_t environment,
                                       const domain::IndexedOp& op, domain::Revision revision);
/// The bytes, for any environment.
[[nodiscard]] Result<bool> are_stored(Database& database, const std::string& sha256);
[[nodiscard]] Result<bool> is_asset_of(Database& database, std::int64_t environment,
                                       const std::string& sha256);
[[nodiscard]] Result<AssetUsage> read_asset_usage(Database& database, std::int64_t environment);
/// Up to `most` assets that no entity has and no row of the log names.
[[nodiscard]] Result<std::vector<std::string>> unused_assets(Database& database, std::int64_t environment,
                                                             std::size_t most);
/// Removes it from the environment, and its bytes if no other environment has it.
[[nodiscard]] Result<void> remove_asset(Database& database, std::int64_t environment,
                                        const std::string& sha256);

}  // namespace togglecast::storage::sqlite
