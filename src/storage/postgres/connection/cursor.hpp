// Walks over many rows in pieces, within a transaction, so memory does not hold all of them at once. Thread
// rule: that of the transaction.
#pragma once

#include <string>
#include <utility>

#include "storage/postgres/connection/link.hpp"

namespace togglecast::storage::postgres {

class Cursor {
 public:
  /// `query` is what it walks over. One cursor is open at a time.
  [[nodiscard]] static Result<Cursor> open(Transaction& transaction, const std::string& query,
                                           Parameters parameters) {
    const std::string sql = "DECLARE walk NO SCROLL CURSOR FOR " + query;
    const auto declared = transaction.run(sql.c_str(), std::move(parameters));
    if (!declared) return tl::unexpected(declared.error());
    return Cursor(transaction);
  }
  /// The next rows; none at the end.
  [[nodiscard]] Result<Rows> next(int rows) {
    const std::string sql = "FETCH " + std::to_string(rows) + " FROM walk";
    return transaction_.run(sql.c_str());
  }

 private:
  explicit Cursor(Transaction& transaction) noexcept : transaction_(transaction) {}

  Transaction& transaction_;
};

}  // namespace togglecast::storage::postgres
