#include "storage/postgres/postgres_health.hpp"

namespace togglecast::storage::postgres {

Result<void> PostgresHealth::check() {
  const auto rows =
      link_.ask("SELECT pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on'");
  if (!rows) return tl::unexpected(rows.error());
  if (rows->integer(0, 0) == 0) return {};
  return fail(Errc::unavailable,
              "the PostgreSQL server " + shown(link_.target().text) +
                  " takes no writes: it is a standby or read-only; let --store name the primary");
}

Result<void> PostgresHealth::probe_write() {
  // As much as a large change takes, under a key that no request has, and so old that it is forgotten anyway.
  // Random, or else the server would compress it.
  auto begun = Transaction::begin(
      link_, Transaction::Kind::write,
      {{"INSERT INTO togglecast.idempotency "
        "SELECT id, '', '', convert_to((SELECT string_agg(md5(random()::text), '') "
        "FROM generate_series(1, 4096)), 'UTF8'), 0, 0, '', 0, 0 FROM togglecast.environment "
        "ORDER BY id LIMIT 1 ON CONFLICT (environment, actor, key) DO UPDATE SET request = excluded.request"},
       {"DELETE FROM togglecast.idempotency WHERE actor = '' AND key = '' AND environment = "
        "(SELECT min(id) FROM togglecast.environment)"}});
  if (!begun) return tl::unexpected(begun.error());
  return begun->transaction.commit();
}

}  // namespace togglecast::storage::postgres
