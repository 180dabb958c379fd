#include "storage/postgres/postgres_leases.hpp"

// Milliseconds since 1970, as they pass within a transaction too.
#define TOGGLECAST_PG_NOW "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"

namespace togglecast::storage::postgres {

Result<void> hold_lease(Transaction& transaction, const Fence& fence) {
  const auto held = transaction.run(
      "SELECT 1 FROM togglecast.lease WHERE name = $1 AND holder = $2 AND number = $3 FOR SHARE",
      Parameters().add(fence.lease).add(fence.holder).add(fence.number));
  if (!held) return tl::unexpected(held.error());
  if (held->empty()) return tl::unexpected(lost_lease(fence));
  return {};
}

Result<LeaseState> PostgresLeases::acquire(const std::string& lease, const std::string& holder,
                                           Milliseconds lasts) {
  auto begun = Transaction::begin(
      link_, Transaction::Kind::write,
      {{"INSERT INTO togglecast.lease AS l (name, holder, number, expires_at) "
        "VALUES ($1, $2, 1, " TOGGLECAST_PG_NOW
        " + $3) ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, "
        "number = l.number + CASE WHEN l.holder = excluded.holder THEN 0 ELSE 1 END, "
        "expires_at = excluded.expires_at "
        "WHERE l.holder = excluded.holder OR l.expires_at <= " TOGGLECAST_PG_NOW,
        Parameters().add(lease).add(holder).add(lasts.count())},
       {"SELECT holder, number FROM togglecast.lease WHERE name = $1", Parameters().add(lease)}});
  if (!begun) return tl::unexpected(begun.error());
  const Rows& found = begun->answers[1];
  LeaseState state;
  if (!found.empty()) state = {std::string(found.text(0, 0)), found.integer(0, 1)};
  if (auto done = begun->transaction.commit(); !done) return tl::unexpected(done.error());
  return state;
}

Result<void> PostgresLeases::release(const std::string& lease, const std::string& holder) {
  auto begun = Transaction::begin(
      link_, Transaction::Kind::write,
      {{"UPDATE togglecast.lease SET holder = '', expires_at = 0 WHERE name = $1 AND holder = $2",
        Parameters().add(lease).add(holder)}});
  if (!begun) return tl::unexpected(begun.error());
  return begun->transaction.commit();
}

}  // namespace togglecast::storage::postgres
