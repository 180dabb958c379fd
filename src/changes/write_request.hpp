// The input of the committer: a function that builds a change; and its result.
// Thread rule: plain values; `Build` runs on the committer's thread.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "domain/state/change.hpp"
#include "domain/state/snapshot.hpp"
#include "storage/store.hpp"

namespace togglecast::changes {

/// The state that a change is built against, and the revision and time that the change will have.
class WriteContext {
 public:
  WriteContext(const domain::Snapshot& state, UnixMillis at, storage::WriteTransaction& transaction)
      : state_(state), at_(at), transaction_(transaction) {}

  [[nodiscard]] const domain::Snapshot& state() const noexcept { return state_; }
  [[nodiscard]] domain::Revision revision() const noexcept { return state_.revision() + 1; }
  [[nodiscard]] UnixMillis at() const noexcept { return at_; }
  /// An id that was never used before.
  [[nodiscard]] Result<domain::Id> next_id(domain::Kind kind);
  /// The row of `revision`; `not_found` without such a revision.
  [[nodiscard]] Result<domain::LogRow> row(domain::Revision revision) { return transaction_.row(revision); }
  [[nodiscard]] Result<storage::AssetUsage> asset_usage() { return transaction_.asset_usage(); }
  /// Whether the environment keeps this asset.
  [[nodiscard]] Result<bool> has_asset(const std::string& sha256) { return transaction_.has_asset(sha256); }
  /// The newest revision that touched this entity; 0 without one.
  [[nodiscard]] Result<domain::Revision> last_touched(domain::Kind kind, domain::Id id) {
    return transaction_.last_touched(kind, id, state_.revision());
  }

 private:
  const domain::Snapshot& state_;
  UnixMillis at_;
  storage::WriteTransaction& transaction_;
  std::map<domain::Kind, domain::Id> last_;
};

/// The result of a build. Without ops nothing changes and there is no revision, except for a `tick`.
struct Draft {
  domain::Kind kind = domain::Kind::platform;  ///< of the entity that the write is about …
  domain::Id id = 0;                           ///< … and its id
  std::vector<domain::Op> ops;
  std::vector<storage::SecretWrite> secrets;
  std::vector<storage::AssetWrite> assets{};
  bool tick = false;  ///< a revision even without ops: `as_of` moves on
};

/// Runs on the committer's thread. An error refuses the write.
using Build = std::function<Result<Draft>(WriteContext& context)>;

struct WriteRequest {
  std::string environment;
  json::object actor;
  std::optional<storage::IdempotencyKey> idempotency;
  Build build;
  bool time_first = true;                 ///< a change that is due is written before this one
  std::optional<storage::Fence> fence{};  ///< the write needs this lease; `conflict` without it
};

struct Written {
  domain::Kind kind = domain::Kind::platform;
  domain::Id id = 0;
  json::value body;  ///< the entity after this write; null when it was deleted
  domain::Revision revision = 0;
  std::int64_t epoch = 0;  ///< of the state that `body` was read from
  bool changed = false;    ///< false: everything was already as requested
  bool replayed = false;   ///< a repeated answer: an earlier request had the same idempotency key
};
using Done = std::function<void(Result<Written> written)>;

}  // namespace togglecast::changes
