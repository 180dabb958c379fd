#include "storage/sqlite/asset_rows.hpp"

namespace togglecast::storage::sqlite {
namespace {

Result<void> name_asset(Database& database, std::int64_t environment, const domain::NamedAsset& asset,
                        domain::Revision revision) {
  auto statement = database.prepare(
      "INSERT INTO asset (environment, sha256, size, named, type) "
      "SELECT ?1, sha256, size, ?3, ?4 FROM asset_content WHERE sha256 = ?2 "
      "ON CONFLICT (environment, sha256) DO UPDATE SET named = max(named, excluded.named), "
      "type = CASE WHEN ?5 THEN excluded.type ELSE type END");
  if (!statement) return tl::unexpected(statement.error());
  statement->bind(1, environment).bind(2, asset.sha256).bind(3, revision).bind(4, asset.type);
  if (auto done = statement->bind(5, std::int64_t{asset.now}).run(); !done) return done;
  const auto there = is_asset_of(database, environment, asset.sha256);
  if (!there) return tl::unexpected(there.error());
  if (!*there) return fail(Errc::conflict, "the bytes of the asset " + asset.sha256 + " are not stored");
  return {};
}

Result<void> write_holders(Database& database, std::int64_t environment, const domain::IndexedOp& op) {
  const std::string_view kind = domain::to_string(op.kind);
  auto forget = database.prepare("DELETE FROM asset_holder WHERE environment = ? AND kind = ? AND id = ?");
  if (!forget) return tl::unexpected(forget.error());
  if (auto done = forget->bind(1, environment).bind(2, kind).bind(3, op.id).run(); !done) return done;
  for (const domain::NamedAsset& asset : op.assets) {
    if (!asset.now) continue;
    auto hold =
        database.prepare("INSERT INTO asset_holder (environment, kind, id, sha256) VALUES (?, ?, ?, ?)");
    if (!hold) return tl::unexpected(hold.error());
    hold->bind(1, environment).bind(2, kind).bind(3, op.id).bind(4, asset.sha256);
    if (auto done = hold->run(); !done) return done;
  }
  return {};
}

// The oldest row that is left; without any, the next one.
Result<domain::Revision> first_kept(Database& database, std::int64_t environment) {
  auto statement = database.prepare(
      "SELECT coalesce((SELECT min(revision) FROM change_log WHERE environment = ?1), "
      "(SELECT revision + 1 FROM environment WHERE id = ?1))");
  if (!statement) return tl::unexpected(statement.error());
  const auto found = statement->bind(1, environment).step();
  if (!found) return tl::unexpected(found.error());
  return statement->integer(0);
}

}  // namespace

Result<void> store_bytes(Database& database, const AssetWrite& asset) {
  auto statement = database.prepare(
      "INSERT INTO asset_content (sha256, size, bytes) VALUES (?, ?, ?) ON CONFLICT (sha256) DO NOTHING");
  if (!statement) return tl::unexpected(statement.error());
  statement->bind(1, asset.sha256).bind(2, static_cast<std::int64_t>(asset.bytes.size()));
  return statement->bind_blob(3, asset.bytes.view()).run();
}

Result<void> name_assets(Database& database, std::int64_t environment, const domain::IndexedOp& op,
                         domain::Revision revision) {
  if (op.assets.empty()) return {};
  for (const domain::NamedAsset& asset : op.assets)
    if (auto done = name_asset(database, environment, asset, revision); !done) return done;
  return write_holders(database, environment, op);
}

Result<bool> are_stored(Database& database, const std::string& sha256) {
  auto statement = database.prepare("SELECT 1 FROM asset_content WHERE sha256 = ?");
  if (!statement) return tl::unexpected(statement.error());
  return statement->bind(1, sha256).step();
}

Result<bool> is_asset_of(Database& database, std::int64_t environment, const std::string& sha256) {
  auto statement = database.prepare("SELECT 1 FROM asset WHERE environment = ? AND sha256 = ?");
  if (!statement) return tl::unexpected(statement.error());
  return statement->bind(1, environment).bind(2, sha256).step();
}

Result<AssetUsage> read_asset_usage(Database& database, std::int64_t environment) {
  auto statement =
      database.prepare("SELECT count(*), coalesce(sum(max(size, ?)), 0) FROM asset WHERE environment = ?");
  if (!statement) return tl::unexpected(statement.error());
  const auto found = statement->bind(1, kLeastAsset).bind(2, environment).step();
  if (!found) return tl::unexpected(found.error());
  return AssetUsage{statement->integer(0), statement->integer(1)};
}

Result<std::vector<std::string>> unused_assets(Database& database, std::int64_t environment,
                                               std::size_t most) {
  const auto first = first_kept(database, environment);
  if (!first) return tl::unexpected(first.error());
  auto statement = database.prepare(
      "SELECT sha256 FROM asset a WHERE environment = ?1 AND named < ?2 AND NOT EXISTS "
      "(SELECT 1 FROM asset_holder h WHERE h.environment = ?1 AND h.sha256 = a.sha256) LIMIT ?3");
  if (!statement) return tl::unexpected(statement.error());
  statement->bind(1, environment).bind(2, *first).bind(3, static_cast<std::int64_t>(most));
  std::vector<std::string> unused;
  for (;;) {
    const auto more = statement->step();
    if (!more) return tl::unexpected(more.error());
    if (!*more) return unused;
    unused.emplace_back(statement->text(0));
  }
}

Result<void> remove_asset(Database& database, std::int64_t environment, const std::string& sha256) {
  auto forget = database.prepare("DELETE FROM asset WHERE environment = ? AND sha256 = ?");
  if (!forget) return tl::unexpected(forget.error());
  if (auto done = forget->bind(1, environment).bind(2, sha256).run(); !done) return done;
  auto content = database.prepare(
      "DELETE FROM asset_content WHERE sha256 = ?1 AND NOT EXISTS (SELECT 1 FROM asset WHERE sha256 = ?1)");
  if (!content) return tl::unexpected(content.error());
  return content->bind(1, sha256).run();
}

}  // namespace togglecast::storage::sqlite
