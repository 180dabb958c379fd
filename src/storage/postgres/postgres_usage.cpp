#include "storage/postgres/postgres_usage.hpp"

#include <utility>

namespace togglecast::storage::postgres {
namespace {

constexpr std::size_t kUsesAtOnce = 500;

// Does nothing without the entity.
Statement noting(std::int64_t environment, const UsedEntity& of, UnixMillis at) {
  return {
      "INSERT INTO togglecast.usage AS u (environment, kind, id, used_at) "
      "SELECT environment, kind, id, $4 FROM togglecast.entity "
      "WHERE environment = $1 AND kind = $2 AND id = $3 "
      "ON CONFLICT (environment, kind, id) DO UPDATE SET used_at = greatest(u.used_at, excluded.used_at)",
      Parameters().add(environment).add(domain::to_string(of.kind)).add(of.id).add(at.value)};
}

}  // namespace

Result<PostgresUsageWriter::Locked> PostgresUsageWriter::lock(const std::string& environment) {
  auto begun = Transaction::begin(link_, Transaction::Kind::write,
                                  {{"SELECT id FROM togglecast.environment WHERE key = $1 FOR NO KEY UPDATE",
                                    Parameters().add(environment)}});
  if (!begun) return tl::unexpected(begun.error());
  if (begun->answers.front().empty())
    return fail(Errc::not_found, "there is no environment '" + environment + "'");
  const std::int64_t number = begun->answers.front().integer(0, 0);
  return Locked{std::move(begun->transaction), number};
}

Result<void> PostgresUsageWriter::note(const std::string& environment, std::span<const Use> uses) {
  auto locked = lock(environment);
  if (!locked) return tl::unexpected(locked.error());
  std::vector<Statement> batch;
  for (const Use& use : uses) {
    batch.push_back(noting(locked->environment, use.of, use.at));
    if (batch.size() < kUsesAtOnce) continue;
    if (const auto done = locked->transaction.run(batch); !done) return tl::unexpected(done.error());
    batch.clear();
  }
  return locked->transaction.commit(std::move(batch));
}

Result<Advanced> PostgresUsageWriter::advance(const std::string& environment, const UsedEntity& of,
                                              std::int64_t from, UnixMillis at) {
  auto locked = lock(environment);
  if (!locked) return tl::unexpected(locked.error());
  const std::string_view kind = domain::to_string(of.kind);
  const std::vector<Statement> look{noting(locked->environment, of, {}),
                                    {"SELECT generation, generation_at FROM togglecast.usage "
                                     "WHERE environment = $1 AND kind = $2 AND id = $3",
                                     Parameters().add(locked->environment).add(kind).add(of.id)}};
  const auto found = locked->transaction.run(look);
  if (!found) return tl::unexpected(found.error());
  const Rows& rows = found->back();
  if (rows.empty()) return fail(Errc::not_found, "what was used is gone");
  const Generation newest{rows.integer(0, 0), {rows.integer(0, 1)}};
  if (newest.number != from) return Advanced{newest, false};
  auto done = locked->transaction.commit(
      {{"UPDATE togglecast.usage SET generation = $4, generation_at = $5, used_at = greatest(used_at, $5) "
        "WHERE environment = $1 AND kind = $2 AND id = $3",
        Parameters().add(locked->environment).add(kind).add(of.id).add(from + 1).add(at.value)}});
  if (!done) return tl::unexpected(done.error());
  return Advanced{{from + 1, at}, true};
}

Result<std::vector<Usage>> PostgresUsageReader::all(const std::string& environment) {
  const auto rows = link_.ask(
      "SELECT u.kind, u.id, u.used_at, u.generation, u.generation_at FROM togglecast.usage u "
      "JOIN togglecast.environment e ON e.id = u.environment WHERE e.key = $1 ORDER BY u.kind, u.id",
      Parameters().add(environment));
  if (!rows) return tl::unexpected(rows.error());
  std::vector<Usage> all;
  all.reserve(static_cast<std::size_t>(rows->size()));
  for (int i = 0; i < rows->size(); ++i) {
    const auto kind = domain::parse_kind(rows->text(i, 0));
    if (!kind) continue;  // of a later version
    all.push_back(
        {{*kind, rows->integer(i, 1)}, {rows->integer(i, 2)}, {rows->integer(i, 3), {rows->integer(i, 4)}}});
  }
  return all;
}

Result<Usage> PostgresUsageReader::of(const std::string& environment, const UsedEntity& entity) {
  const auto rows = link_.ask(
      "SELECT u.used_at, u.generation, u.generation_at FROM togglecast.usage u "
      "JOIN togglecast.environment e ON e.id = u.environment WHERE e.key = $1 AND u.kind = $2 AND u.id = $3",
      Parameters().add(environment).add(domain::to_string(entity.kind)).add(entity.id));
  if (!rows) return tl::unexpected(rows.error());
  Usage usage{.of = entity};
  if (rows->empty()) return usage;
  usage.used_at = {rows->integer(0, 0)};
  usage.generation = {rows->integer(0, 1), {rows->integer(0, 2)}};
  return usage;
}

}  // namespace togglecast::storage::postgres
