// Removing the oldest rows of the change log, and giving their pages back, each in small steps.
//
// A step first moves the anchor, which is the head before the oldest kept row. From then on the rows before
// it are no part of the log, whatever is still there of them. Then it deletes such rows, as many as the
// bounds allow. So the log is whole after each step, and a change of 10,000 entities takes many steps. Thread
// rule: that of the database; inside of a write transaction, except where it says so.
#pragma once

#include "storage/sqlite/connection/database.hpp"
#include "storage/store.hpp"

namespace togglecast::storage::sqlite {

[[nodiscard]] Result<Pruned> prune_step(Database& database, std::int64_t environment, domain::Revision until,
                                        const PruneBounds& bounds);

/// Outside of a transaction: lets pages of an existing database be given back later. It rewrites the file
/// once; if there is no room for that, the file keeps its size, and later rows take the free pages.
void prepare_to_give_back(Database& database);
/// Outside of a transaction, too. Some free pages stay, for the rows to come.
[[nodiscard]] Result<bool> has_space_to_give_back(Database& database);
[[nodiscard]] Result<void> give_back_step(Database& database);

}  // namespace togglecast::storage::sqlite
