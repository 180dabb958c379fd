#include "storage/postgres/postgres_fetched.hpp"

#include <string>

namespace togglecast::storage::postgres {

Result<void> PostgresFetchedWriter::keep(const std::string& environment, const Fetched& fetched) {
  auto begun = Transaction::begin(link_, Transaction::Kind::write,
                                  {{"SELECT id FROM togglecast.environment WHERE key = $1 FOR NO KEY UPDATE",
                                    Parameters().add(environment)}});
  if (!begun) return tl::unexpected(begun.error());
  if (begun->answers.front().empty())
    return fail(Errc::not_found, "there is no environment '" + environment + "'");
  const std::int64_t number = begun->answers.front().integer(0, 0);
  return begun->transaction.commit(
      {{"INSERT INTO togglecast.fetched AS f (environment, kind, id, source, text, at) "
        "SELECT environment, kind, id, $4, $5, $6 FROM togglecast.entity "
        "WHERE environment = $1 AND kind = $2 AND id = $3 "
        "ON CONFLICT (environment, kind, id) DO UPDATE "
        "SET source = excluded.source, text = excluded.text, at = excluded.at WHERE f.at <= excluded.at",
        Parameters()
            .add(number)
            .add(domain::to_string(fetched.of.kind))
            .add(fetched.of.id)
            .add(fetched.source)
            .add(fetched.text)
            .add(fetched.at.value)}});
}

Result<std::vector<Fetched>> PostgresFetchedReader::all(const std::string& environment) {
  const auto rows = link_.ask(
      "SELECT f.kind, f.id, f.source, f.text, f.at FROM togglecast.fetched f "
      "JOIN togglecast.environment e ON e.id = f.environment WHERE e.key = $1 ORDER BY f.kind, f.id",
      Parameters().add(environment));
  if (!rows) return tl::unexpected(rows.error());
  std::vector<Fetched> all;
  for (int i = 0; i < rows->size(); ++i) {
    const auto kind = domain::parse_kind(rows->text(i, 0));
    if (!kind) continue;  // of a later version
    all.push_back({{*kind, rows->integer(i, 1)},
                   std::string(rows->text(i, 2)),
                   std::string(rows->text(i, 3)),
                   {rows->integer(i, 4)}});
  }
  return all;
}

}  // namespace togglecast::storage::postgres
