#include "storage/postgres/asset_rows.hpp"

#include <string_view>
#include <vector>

#include "storage/postgres/migrations.hpp"

namespace togglecast::storage::postgres {
namespace {

Result<void> name_asset(Transaction& transaction, std::int64_t environment, const domain::NamedAsset& asset,
                        domain::Revision revision) {
  const auto named = transaction.run(
      "INSERT INTO togglecast.asset AS a (environment, sha256, size, named, type) "
      "SELECT $1, sha256, size, $3, $4 FROM togglecast.asset_content WHERE sha256 = $2 "
      "ON CONFLICT (environment, sha256) DO UPDATE SET named = greatest(a.named, excluded.named), "
      "type = CASE WHEN $5 = 1 THEN excluded.type ELSE a.type END",
      Parameters()
          .add(environment)
          .add(asset.sha256)
          .add(revision)
          .add(asset.type)
          .add(std::int64_t{asset.now}));
  if (!named) return tl::unexpected(named.error());
  if (named->affected() == 0)
    return fail(Errc::conflict, "the bytes of the asset " + asset.sha256 + " are not stored");
  return {};
}

}  // namespace

Result<void> lock_assets(Transaction& transaction) {
  return transaction.run("SELECT pg_advisory_xact_lock($1)", Parameters().add(kAssetsLock))
      .map([](const Rows&) {});
}

Result<void> store_bytes(Transaction& transaction, const AssetWrite& asset) {
  return transaction
      .run(
          "INSERT INTO togglecast.asset_content (sha256, size, bytes) VALUES ($1, $2, $3) "
          "ON CONFLICT (sha256) DO NOTHING",
          Parameters()
              .add(asset.sha256)
              .add(static_cast<std::int64_t>(asset.bytes.size()))
              .add_bytes(asset.bytes.view()))
      .map([](const Rows&) {});
}

Result<void> name_assets(Transaction& transaction, std::int64_t environment, const domain::IndexedOp& op,
                         domain::Revision revision) {
  if (op.assets.empty()) return {};
  std::vector<std::string_view> held;
  for (const domain::NamedAsset& asset : op.assets) {
    if (auto done = name_asset(transaction, environment, asset, revision); !done) return done;
    if (asset.now) held.push_back(asset.sha256);
  }
  const std::string_view kind = domain::to_string(op.kind);
  const std::vector<Statement> statements{
      {"DELETE FROM togglecast.asset_holder WHERE environment = $1 AND kind = $2 AND id = $3",
       Parameters().add(environment).add(kind).add(op.id)},
      {"INSERT INTO togglecast.asset_holder (environment, kind, id, sha256) "
       "SELECT $1, $2, $3, unnest($4)",
       Parameters().add(environment).add(kind).add(op.id).add(held)}};
  return transaction.run(statements).map([](const std::vector<Rows>&) {});
}

Statement usage_of(std::int64_t environment) {
  return {
      "SELECT count(*), coalesce(sum(greatest(size, $2)), 0)::bigint FROM togglecast.asset "
      "WHERE environment = $1",
      Parameters().add(environment).add(kLeastAsset)};
}

AssetUsage read_usage(const Rows& rows) { return {rows.integer(0, 0), rows.integer(0, 1)}; }

Result<std::size_t> remove_unused_assets(Transaction& transaction, std::int64_t environment,
                                         std::size_t most) {
  const auto gone = transaction.run(
      "DELETE FROM togglecast.asset WHERE environment = $1 AND sha256 IN (SELECT a.sha256 "
      "FROM togglecast.asset a WHERE a.environment = $1 AND a.named < coalesce("
      "(SELECT min(revision) FROM togglecast.change_log WHERE environment = $1), "
      "(SELECT revision + 1 FROM togglecast.environment WHERE id = $1)) AND NOT EXISTS "
      "(SELECT 1 FROM togglecast.asset_holder h WHERE h.environment = $1 AND h.sha256 = a.sha256) LIMIT $2) "
      "RETURNING sha256",
      Parameters().add(environment).add(static_cast<std::int64_t>(most)));
  if (!gone) return tl::unexpected(gone.error());
  if (gone->empty()) return 0;
  std::vector<std::string_view> names;
  names.reserve(static_cast<std::size_t>(gone->size()));
  for (int i = 0; i < gone->size(); ++i) names.push_back(gone->text(i, 0));
  const auto removed = transaction.run(
      "DELETE FROM togglecast.asset_content c WHERE c.sha256 = ANY($1) "
      "AND NOT EXISTS (SELECT 1 FROM togglecast.asset a WHERE a.sha256 = c.sha256)",
      Parameters().add(names));
  if (!removed) return tl::unexpected(removed.error());
  return names.size();
}

}  // namespace togglecast::storage::postgres
