// A whole state, table by table, for moving it from one store into another (`togglecast migrate-store`).
// Every store offers the same tables with the same columns, whatever its own look like. So a state goes from
// any store into any other and is the same there: epochs, revisions, chains, ids, secrets and times.
//
//   target.begin_import(origin)          // the target must be empty, or have an unfinished import
//   for (table : transfer_tables()) while (rows = source.read(table, last, …)) target.write(table, rows)
//   target.finish_import()
//
// A store with an unfinished import is no state: a server refuses it (`unfinished`), and the next import
// begins again.
//
// Thread and error rules as in store.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/error.hpp"

namespace togglecast::storage {

enum class CellType : std::uint8_t { integer, text, bytes };

struct TransferColumn {
  const char* name;
  CellType type;
};

struct TransferTable {
  const char* name;
  std::size_t keys;  ///< so many columns, the first ones, name a row; 0: the table has one row
  std::vector<TransferColumn> columns;
};

/// All tables, in an order in which a row refers only to rows of the same table or of one before it.
[[nodiscard]] const std::vector<TransferTable>& transfer_tables();

/// An integer, or a text or bytes. One cell for each column.
using Cell = std::variant<std::int64_t, std::string>;
using Cells = std::vector<Cell>;

struct TransferBounds {
  std::size_t rows = 500;
  std::size_t bytes = 4'194'304;  ///< about; one row may be larger
};

class Transfer {
 public:
  virtual ~Transfer() = default;

  /// The rows after the one with the keys of `after` (empty: from the beginning), in the order of their keys.
  /// None: the table has no more.
  [[nodiscard]] virtual Result<std::vector<Cells>> read(const TransferTable& table, const Cells& after,
                                                        const TransferBounds& bounds) = 0;

  /// Where the unfinished import of this store comes from; empty without one.
  [[nodiscard]] virtual Result<std::string> unfinished() = 0;
  /// Notes that an import from `origin` begins. What an unfinished one has written goes. `conflict` when the
  /// store has a state.
  [[nodiscard]] virtual Result<void> begin_import(const std::string& origin) = 0;
  /// In one transaction. The rows of a table come in the order of its keys.
  [[nodiscard]] virtual Result<void> write(const TransferTable& table, std::span<const Cells> rows) = 0;
  /// The state is whole from now on.
  [[nodiscard]] virtual Result<void> finish_import() = 0;
};

}  // namespace togglecast::storage
