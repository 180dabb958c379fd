#include "storage/postgres/postgres_transfer.hpp"

#include <algorithm>
#include <functional>
#include <string_view>
#include <utility>

#include "storage/postgres/connection/cursor.hpp"

namespace togglecast::storage::postgres {
namespace {

constexpr int kPartPatience = 6;  // times the limits of other statements

std::string listed(std::size_t count, const std::function<std::string(std::size_t)>& item) {
  std::string list;
  for (std::size_t i = 0; i < count; ++i) list += (i == 0 ? "" : ", ") + item(i);
  return list;
}

std::string parameter(std::size_t i) { return '$' + std::to_string(i + 1); }

std::string columns_of(const TransferTable& table, std::size_t count) {
  return listed(count, [&](std::size_t i) { return '"' + std::string(table.columns[i].name) + '"'; });
}

std::string selection_of(const TransferTable& table, bool after_a_row) {
  std::string sql = "SELECT " + columns_of(table, table.columns.size()) + " FROM togglecast." + table.name;
  const std::string keys = columns_of(table, table.keys);
  if (after_a_row) sql += " WHERE (" + keys + ") > (" + listed(table.keys, parameter) + ')';
  return keys.empty() ? sql : sql + " ORDER BY " + keys;
}

void add_cell(Parameters& parameters, const TransferColumn& column, const Cell& cell) {
  switch (column.type) {
    case CellType::integer:
      parameters.add(std::get<std::int64_t>(cell));
      return;
    case CellType::text:
      parameters.add(std::string_view(std::get<std::string>(cell)));
      return;
    case CellType::bytes:
      parameters.add_bytes(std::get<std::string>(cell));
      return;
  }
}

Cells cells_of(const Rows& rows, int row, const TransferTable& table) {
  Cells cells;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    const int column = static_cast<int>(i);
    if (table.columns[i].type == CellType::integer) {
      cells.emplace_back(rows.integer(row, column));
    } else {
      cells.emplace_back(std::string(rows.text(row, column)));
    }
  }
  return cells;
}

std::size_t bytes_of_cells(const Cells& cells) {
  std::size_t bytes = 0;
  for (const Cell& cell : cells) {
    const auto* text = std::get_if<std::string>(&cell);
    bytes += text == nullptr ? sizeof(std::int64_t) : text->size();
  }
  return bytes;
}

}  // namespace

// The first fetch has one row, and each next one twice as many as long as they are small: rows may be large.
Result<std::vector<Cells>> PostgresTransfer::read(const TransferTable& table, const Cells& after,
                                                  const TransferBounds& bounds) {
  std::vector<Cells> rows;
  if (table.keys == 0 && !after.empty()) return rows;
  Parameters parameters;
  if (!after.empty())
    for (std::size_t i = 0; i < table.keys; ++i) add_cell(parameters, table.columns[i], after[i]);
  auto begun = Transaction::begin(link_, Transaction::Kind::read, {}, kPartPatience);
  if (!begun) return tl::unexpected(begun.error());
  auto cursor = Cursor::open(begun->transaction, selection_of(table, !after.empty()), std::move(parameters));
  if (!cursor) return tl::unexpected(cursor.error());
  std::size_t bytes = 0;
  for (std::size_t part = 1; rows.size() < bounds.rows && bytes < bounds.bytes;) {
    part = std::min(part, bounds.rows - rows.size());
    const auto found = cursor->next(static_cast<int>(part));
    if (!found) return tl::unexpected(found.error());
    for (int i = 0; i < found->size(); ++i) {
      rows.push_back(cells_of(*found, i, table));
      bytes += bytes_of_cells(rows.back());
    }
    if (static_cast<std::size_t>(found->size()) < part) break;
    part = bytes < bounds.bytes / 4 ? part * 2 : 1;
  }
  return rows;
}

Result<std::string> PostgresTransfer::unfinished() {
  return link_.ask("SELECT origin FROM togglecast.unfinished_import").map([](const Rows& rows) {
    return rows.empty() ? std::string() : std::string(rows.text(0, 0));
  });
}

Result<void> PostgresTransfer::begin_import(const std::string& origin) {
  auto begun = Transaction::begin(link_, Transaction::Kind::write,
                                  {{"LOCK TABLE togglecast.unfinished_import IN EXCLUSIVE MODE"},
                                   {"SELECT (SELECT count(*) FROM togglecast.unfinished_import), "
                                    "(SELECT count(*) FROM togglecast.environment)"}},
                                  kPartPatience);
  if (!begun) return tl::unexpected(begun.error());
  const Rows& found = begun->answers[1];
  if (found.integer(0, 0) == 0 && found.integer(0, 1) > 0)
    return fail(Errc::conflict, "the target (--to) has data already; name an empty one");
  const auto& tables = transfer_tables();
  const std::string clear =
      "TRUNCATE togglecast.lease, togglecast.unfinished_import, " +
      listed(tables.size(), [&](std::size_t i) { return "togglecast." + std::string(tables[i].name); });
  return begun->transaction.commit(
      {{clear.c_str()},
       {"INSERT INTO togglecast.unfinished_import (origin) VALUES ($1)", Parameters().add(origin)}});
}

Result<void> PostgresTransfer::write(const TransferTable& table, std::span<const Cells> rows) {
  const std::string insert = "INSERT INTO togglecast." + std::string(table.name) + " (" +
                             columns_of(table, table.columns.size()) + ") VALUES (" +
                             listed(table.columns.size(), parameter) + ')';
  std::vector<Statement> batch;
  for (const Cells& row : rows) {
    Statement& statement = batch.emplace_back(Statement{insert.c_str()});
    for (std::size_t i = 0; i < row.size(); ++i) add_cell(statement.parameters, table.columns[i], row[i]);
  }
  auto begun = Transaction::begin(link_, Transaction::Kind::write, {}, kPartPatience);
  if (!begun) return tl::unexpected(begun.error());
  return begun->transaction.commit(std::move(batch));
}

Result<void> PostgresTransfer::finish_import() {
  auto begun = Transaction::begin(link_, Transaction::Kind::write, {}, kPartPatience);
  if (!begun) return tl::unexpected(begun.error());
  return begun->transaction.commit(
      {{"SELECT setval(pg_get_serial_sequence('togglecast.environment', 'id'), max(id)) "
        "FROM togglecast.environment HAVING max(id) IS NOT NULL"},
       {"DELETE FROM togglecast.unfinished_import"}});
}

}  // namespace togglecast::storage::postgres
