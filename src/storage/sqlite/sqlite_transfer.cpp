#include "storage/sqlite/sqlite_transfer.hpp"

#include <map>
#include <string_view>

namespace togglecast::storage::sqlite {
namespace {

// The statements of a table. They live as long as the program: their addresses are keys of a cache.
struct TableStatements {
  std::string first;  // the first rows
  std::string next;   // the rows after a key
  std::string insert;
  std::string clear;
};

std::string listed(std::size_t count, const std::function<std::string(std::size_t)>& item) {
  std::string list;
  for (std::size_t i = 0; i < count; ++i) list += (i == 0 ? "" : ", ") + item(i);
  return list;
}

TableStatements statements_of(const TransferTable& table) {
  const std::string name = table.name;
  const auto column = [&](std::size_t i) { return '"' + std::string(table.columns[i].name) + '"'; };
  const auto any = [](std::size_t) { return std::string("?"); };
  const std::string columns = listed(table.columns.size(), column);
  const std::string keys = listed(table.keys, column);
  const std::string select = "SELECT " + columns + " FROM " + name;
  const std::string order = (keys.empty() ? "" : " ORDER BY " + keys) + std::string(" LIMIT ?");
  TableStatements statements;
  statements.first = select + order;
  statements.next = select + " WHERE (" + keys + ") > (" + listed(table.keys, any) + ")" + order;
  statements.insert =
      "INSERT INTO " + name + " (" + columns + ") VALUES (" + listed(table.columns.size(), any) + ")";
  statements.clear = "DELETE FROM " + name;
  return statements;
}

const TableStatements& of(const TransferTable& table) {
  static const std::map<std::string_view, TableStatements> all = [] {
    std::map<std::string_view, TableStatements> made;
    for (const TransferTable& one : transfer_tables()) made.emplace(one.name, statements_of(one));
    return made;
  }();
  return all.at(table.name);
}

void bind(Statement& statement, int index, const TransferColumn& column, const Cell& cell) {
  switch (column.type) {
    case CellType::integer:
      statement.bind(index, std::get<std::int64_t>(cell));
      return;
    case CellType::text:
      statement.bind(index, std::string_view(std::get<std::string>(cell)));
      return;
    case CellType::bytes:
      statement.bind_blob(index, std::get<std::string>(cell));
      return;
  }
}

Cell cell_of(const Statement& statement, int index, CellType type) {
  switch (type) {
    case CellType::integer:
      return statement.integer(index);
    case CellType::text:
      return std::string(statement.text(index));
    case CellType::bytes:
      return std::string(statement.blob(index));
  }
  return std::int64_t{0};
}

}  // namespace

Result<std::vector<Cells>> SqliteTransfer::read(const TransferTable& table, const Cells& after,
                                                const TransferBounds& bounds) {
  std::vector<Cells> rows;
  if (table.keys == 0 && !after.empty()) return rows;
  auto statement = database_.prepare((after.empty() ? of(table).first : of(table).next).c_str());
  if (!statement) return tl::unexpected(statement.error());
  int index = 1;
  if (!after.empty())
    for (std::size_t i = 0; i < table.keys; ++i) bind(*statement, index++, table.columns[i], after[i]);
  statement->bind(index, static_cast<std::int64_t>(bounds.rows));
  for (std::size_t bytes = 0; bytes < bounds.bytes;) {
    const auto more = statement->step();
    if (!more) return tl::unexpected(more.error());
    if (!*more) break;
    Cells row;
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
      row.push_back(cell_of(*statement, static_cast<int>(i), table.columns[i].type));
      const auto* text = std::get_if<std::string>(&row.back());
      bytes += text == nullptr ? sizeof(std::int64_t) : text->size();
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

Result<std::string> SqliteTransfer::unfinished() {
  auto statement = database_.prepare("SELECT origin FROM unfinished_import");
  if (!statement) return tl::unexpected(statement.error());
  const auto found = statement->step();
  if (!found) return tl::unexpected(found.error());
  return *found ? std::string(statement->text(0)) : std::string();
}

Result<void> SqliteTransfer::begin_import(const std::string& origin) {
  const auto left = unfinished();
  if (!left) return tl::unexpected(left.error());
  const auto environments = database_.query_integer("SELECT count(*) FROM environment");
  if (!environments) return tl::unexpected(environments.error());
  if (left->empty() && *environments > 0)
    return fail(Errc::conflict, "the target (--to) has data already; name an empty one");
  auto transaction = begin_();
  if (!transaction) return tl::unexpected(transaction.error());
  const auto& tables = transfer_tables();
  for (auto table = tables.rbegin(); table != tables.rend(); ++table)
    if (auto done = database_.execute(of(*table).clear.c_str()); !done) return done;
  if (auto done = database_.execute("DELETE FROM unfinished_import"); !done) return done;
  {
    auto statement = database_.prepare("INSERT INTO unfinished_import (origin) VALUES (?)");
    if (!statement) return tl::unexpected(statement.error());
    if (auto done = statement->bind(1, std::string_view(origin)).run(); !done) return done;
  }
  return transaction->commit();
}

Result<void> SqliteTransfer::write(const TransferTable& table, std::span<const Cells> rows) {
  auto transaction = begin_();
  if (!transaction) return tl::unexpected(transaction.error());
  for (const Cells& row : rows) {
    auto statement = database_.prepare(of(table).insert.c_str());
    if (!statement) return tl::unexpected(statement.error());
    for (std::size_t i = 0; i < row.size(); ++i)
      bind(*statement, static_cast<int>(i) + 1, table.columns[i], row[i]);
    if (auto done = statement->run(); !done) return done;
  }
  return transaction->commit();
}

Result<void> SqliteTransfer::finish_import() {
  auto transaction = begin_();
  if (!transaction) return tl::unexpected(transaction.error());
  if (auto done = database_.execute("DELETE FROM unfinished_import"); !done) return done;
  return transaction->commit();
}

}  // namespace togglecast::storage::sqlite
