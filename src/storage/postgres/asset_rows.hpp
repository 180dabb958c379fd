// Assets in the database. Those who write or remove bytes take one lock for all environments, after the
// environment's row: see `lock_assets`. Thread rule: that of the transaction.
#pragma once

#include <cstdint>
#include <string>

#include "storage/postgres/connection/link.hpp"
#include "storage/write_transaction.hpp"

namespace togglecast::storage::postgres {

/// Until the transaction ends, no other one stores or removes bytes.
[[nodiscard]] Result<void> lock_assets(Transaction& transaction);
[[nodiscard]] Result<void> store_bytes(Transaction& transaction, const AssetWrite& asset);
/// Notes the assets that the op names and those that its entity has. `conflict` when the bytes of one are not
/// stored.
[[nodiscard]] Result<void> name_assets(Transaction& transaction, std::int64_t environment,
                                       const domain::IndexedOp& op, domain::Revision revision);
[[nodiscard]] Statement usage_of(std::int64_t environment);
[[nodiscard]] AssetUsage read_usage(const Rows& rows);
/// Up to `most` that no entity has and no row of the log names, with their bytes. Answers how many.
[[nodiscard]] Result<std::size_t> remove_unused_assets(Transaction& transaction, std::int64_t environment,
                                                       std::size_t most);

}  // namespace togglecast::storage::postgres
