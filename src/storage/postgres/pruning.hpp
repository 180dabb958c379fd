// Removing the oldest rows of the change log in small steps, as storage/sqlite/pruning.hpp does it: a step
// first moves the anchor, then deletes rows before it, as many as the bounds allow. PostgreSQL's own vacuum
// gives the space to later rows. Thread rule: that of the transaction, which holds the environment's row.
#pragma once

#include "storage/postgres/log_rows.hpp"
#include "storage/store.hpp"

namespace togglecast::storage::postgres {

[[nodiscard]] Result<Pruned> prune_step(Transaction& transaction, const EnvironmentRow& environment,
                                        domain::Revision until, const PruneBounds& bounds);

}  // namespace togglecast::storage::postgres
