// Writes of one environment: it holds the counter row from `Store::begin` to `commit`. Dropped without
// `commit`, it changes nothing. Thread and error rules as in store.hpp.
//
//   transaction->commit({.row = &row, …});                                     one write
//   transaction->add({.row = &first, …}); transaction->add({.row = &second, …});
//   transaction->commit({});                                                   several, durable together
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/secret.hpp"
#include "base/shared_bytes.hpp"
#include "domain/state/indexed_row.hpp"
#include "storage/idempotency_key.hpp"
#include "storage/leases.hpp"
#include "storage/reader.hpp"

namespace togglecast::storage {

/// A password hash or key, stored next to its entity and deleted with it. Never part of a change.
struct SecretWrite {
  domain::Kind kind = domain::Kind::admin;
  domain::Id id = 0;
  Secret value;
};

/// The bytes of an asset, which the row of the same commit names. Stored once, however many entities and
/// environments have it.
struct AssetWrite {
  std::string sha256;  ///< as in domain/entities/asset.hpp
  SharedBytes bytes;
};

/// The result of a request with an idempotency key.
struct Outcome {
  domain::Revision revision = 0;
  bool changed = false;  ///< whether the request made that revision; false: it changed nothing
  domain::Kind kind = domain::Kind::platform;
  domain::Id id = 0;
};

struct RememberedOutcome {
  Sha256 request{};
  Outcome outcome;
};

struct Commit {
  const domain::IndexedRow* row = nullptr;  ///< null: nothing changes, the store only remembers the outcome
  std::span<const SecretWrite> secrets;
  std::span<const AssetWrite> assets{};
  std::optional<IdempotencyKey> idempotency;
  Outcome outcome;  ///< remembered with `idempotency`
  UnixMillis at{};
  std::optional<Fence> fence{};  ///< the commit needs this lease
};

class WriteTransaction {
 public:
  virtual ~WriteTransaction() = default;
  /// The newest head, which stays the newest until this transaction ends: of the store, or of the last row
  /// that was added.
  [[nodiscard]] virtual const domain::Head& head() const noexcept = 0;
  /// Rows that `Store::begin_after` read along, oldest first: none, some or all of those after `seen`. A
  /// Reader has the others.
  [[nodiscard]] virtual std::vector<domain::LogRow> take_unseen() { return {}; }
  /// The highest id that was ever used for this kind; 0 without one.
  [[nodiscard]] virtual Result<domain::Id> last_id(domain::Kind kind) = 0;
  /// Nothing at `now` when the outcome is too old, even if it has not been deleted yet.
  [[nodiscard]] virtual Result<std::optional<RememberedOutcome>> remembered(const IdempotencyKey& key,
                                                                            UnixMillis now) = 0;
  /// `not_found` without such a revision, or when it is no longer kept.
  [[nodiscard]] virtual Result<domain::LogRow> row(domain::Revision revision) = 0;
  /// The newest kept revision up to `until` that touched this entity; 0 without one.
  [[nodiscard]] virtual Result<domain::Revision> last_touched(domain::Kind kind, domain::Id id,
                                                              domain::Revision until) = 0;
  /// The oldest kept revision after `after` that touched this entity; 0 without one.
  [[nodiscard]] virtual Result<domain::Revision> first_touched(domain::Kind kind, domain::Id id,
                                                               domain::Revision after) = 0;
  [[nodiscard]] virtual Result<AssetUsage> asset_usage() = 0;
  /// Whether the environment keeps this asset.
  [[nodiscard]] virtual Result<bool> has_asset(const std::string& sha256) = 0;
  /// Whether its bytes are stored, for this environment or for another one.
  [[nodiscard]] virtual Result<bool> has_bytes(const std::string& sha256) = 0;
  /// Another write of this transaction, without a fence. The calls above see it. `conflict` as for `commit`.
  /// After an error, drop the transaction.
  [[nodiscard]] virtual Result<void> add(const Commit& what) = 0;
  /// `conflict` when the row names an asset that is neither stored nor among `assets`, and for a fence whose
  /// lease is gone. With an empty `what`, commits what was added.
  /// Durable when it returns without error. After an error the commit may or may not have happened: the next
  /// transaction's `head` tells.
  [[nodiscard]] virtual Result<void> commit(const Commit& what) = 0;
};

}  // namespace togglecast::storage
