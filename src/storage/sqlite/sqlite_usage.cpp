// What lies beside entities: usage, and what was fetched.
#include "storage/sqlite/sqlite_usage.hpp"

#include <string>

#include "storage/sqlite/log_rows.hpp"
#include "storage/sqlite/sqlite_fetched.hpp"

namespace togglecast::storage::sqlite {
namespace {

// Does nothing without the entity.
Result<void> note_use(Database& database, std::int64_t environment, const UsedEntity& of, UnixMillis at) {
  auto statement = database.prepare(
      "INSERT INTO usage (environment, kind, id, used_at) "
      "SELECT environment, kind, id, ?4 FROM entity WHERE environment = ?1 AND kind = ?2 AND id = ?3 "
      "ON CONFLICT (environment, kind, id) DO UPDATE SET used_at = max(used_at, excluded.used_at)");
  if (!statement) return tl::unexpected(statement.error());
  statement->bind(1, environment).bind(2, domain::to_string(of.kind)).bind(3, of.id);
  return statement->bind(4, at.value).run();
}

}  // namespace

Result<void> SqliteUsageWriter::note(const std::string& environment, std::span<const Use> uses) {
  auto transaction = begin_();
  if (!transaction) return tl::unexpected(transaction.error());
  const auto number = environment_number(database_, environment);
  if (!number) return tl::unexpected(number.error());
  for (const Use& use : uses)
    if (auto done = note_use(database_, *number, use.of, use.at); !done) return done;
  return transaction->commit();
}

Result<Advanced> SqliteUsageWriter::advance(const std::string& environment, const UsedEntity& of,
                                            std::int64_t from, UnixMillis at) {
  auto transaction = begin_();
  if (!transaction) return tl::unexpected(transaction.error());
  const auto number = environment_number(database_, environment);
  if (!number) return tl::unexpected(number.error());
  if (auto noted = note_use(database_, *number, of, {}); !noted) return tl::unexpected(noted.error());
  Advanced advanced;
  {
    auto statement = database_.prepare(
        "SELECT generation, generation_at FROM usage WHERE environment = ? AND kind = ? AND id = ?");
    if (!statement) return tl::unexpected(statement.error());
    const auto found = statement->bind(1, *number).bind(2, domain::to_string(of.kind)).bind(3, of.id).step();
    if (!found) return tl::unexpected(found.error());
    if (!*found) return fail(Errc::not_found, "what was used is gone");
    advanced.generation = {statement->integer(0), {statement->integer(1)}};
  }
  if (advanced.generation.number != from) return advanced;
  advanced = {{from + 1, at}, true};
  {
    auto statement = database_.prepare(
        "UPDATE usage SET generation = ?4, generation_at = ?5, used_at = max(used_at, ?5) "
        "WHERE environment = ?1 AND kind = ?2 AND id = ?3");
    if (!statement) return tl::unexpected(statement.error());
    statement->bind(1, *number).bind(2, domain::to_string(of.kind)).bind(3, of.id);
    if (auto done = statement->bind(4, from + 1).bind(5, at.value).run(); !done)
      return tl::unexpected(done.error());
  }
  if (auto done = transaction->commit(); !done) return tl::unexpected(done.error());
  return advanced;
}

Result<std::vector<Usage>> SqliteUsageReader::all(const std::string& environment) {
  auto statement = database_.prepare(
      "SELECT u.kind, u.id, u.used_at, u.generation, u.generation_at "
      "FROM usage u JOIN environment e ON e.id = u.environment WHERE e.key = ? ORDER BY u.kind, u.id");
  if (!statement) return tl::unexpected(statement.error());
  statement->bind(1, environment);
  std::vector<Usage> all;
  for (;;) {
    const auto found = statement->step();
    if (!found) return tl::unexpected(found.error());
    if (!*found) return all;
    const auto kind = domain::parse_kind(statement->text(0));
    if (!kind) continue;  // of a later version
    all.push_back({{*kind, statement->integer(1)},
                   {statement->integer(2)},
                   {statement->integer(3), {statement->integer(4)}}});
  }
}

Result<Usage> SqliteUsageReader::of(const std::string& environment, const UsedEntity& entity) {
  auto statement = database_.prepare(
      "SELECT u.used_at, u.generation, u.generation_at FROM usage u "
      "JOIN environment e ON e.id = u.environment WHERE e.key = ? AND u.kind = ? AND u.id = ?");
  if (!statement) return tl::unexpected(statement.error());
  const auto found =
      statement->bind(1, environment).bind(2, domain::to_string(entity.kind)).bind(3, entity.id).step();
  if (!found) return tl::unexpected(found.error());
  Usage usage{.of = entity};
  if (!*found) return usage;
  usage.used_at = {statement->integer(0)};
  usage.generation = {statement->integer(1), {statement->integer(2)}};
  return usage;
}

Result<void> SqliteFetchedWriter::keep(const std::string& environment, const Fetched& fetched) {
  auto transaction = begin_();
  if (!transaction) return tl::unexpected(transaction.error());
  const auto number = environment_number(database_, environment);
  if (!number) return tl::unexpected(number.error());
  {
    auto statement = database_.prepare(
        "INSERT INTO fetched (environment, kind, id, source, text, at) "
        "SELECT environment, kind, id, ?4, ?5, ?6 FROM entity WHERE environment = ?1 AND kind = ?2 AND id = "
        "?3 "
        "ON CONFLICT (environment, kind, id) DO UPDATE "
        "SET source = excluded.source, text = excluded.text, at = excluded.at WHERE at <= excluded.at");
    if (!statement) return tl::unexpected(statement.error());
    statement->bind(1, *number).bind(2, domain::to_string(fetched.of.kind)).bind(3, fetched.of.id);
    statement->bind(4, fetched.source).bind(5, fetched.text);
    if (auto done = statement->bind(6, fetched.at.value).run(); !done) return done;
  }
  return transaction->commit();
}

Result<std::vector<Fetched>> SqliteFetchedReader::all(const std::string& environment) {
  auto statement = database_.prepare(
      "SELECT f.kind, f.id, f.source, f.text, f.at "
      "FROM fetched f JOIN environment e ON e.id = f.environment WHERE e.key = ? ORDER BY f.kind, f.id");
  if (!statement) return tl::unexpected(statement.error());
  statement->bind(1, environment);
  std::vector<Fetched> all;
  for (;;) {
    const auto found = statement->step();
    if (!found) return tl::unexpected(found.error());
    if (!*found) return all;
    const auto kind = domain::parse_kind(statement->text(0));
    if (!kind) continue;  // of a later version
    all.push_back({{*kind, statement->integer(1)},
                   std::string(statement->text(2)),
                   std::string(statement->text(3)),
                   {statement->integer(4)}});
  }
}

}  // namespace togglecast::storage::sqlite
