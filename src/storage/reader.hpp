// Reading a store: heads, states and rows of the change log. A reader sees committed rows only and never
// holds up a write.
//
// Thread rule: one thread at a time uses a reader. Errors: `unavailable` when the medium fails for now,
// `internal` when the stored data is damaged, `not_found` without such an environment.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/secret.hpp"
#include "base/shared_bytes.hpp"
#include "domain/state/log_row.hpp"
#include "domain/state/snapshot.hpp"
#include "domain/state/view.hpp"
#include "storage/fetched.hpp"
#include "storage/messages.hpp"
#include "storage/usage.hpp"

namespace togglecast::storage {

struct Environment {
  std::string key;
  domain::Head head;
};

/// An environment as it is stored: nothing in it is checked yet (load.hpp does that).
struct StoredState {
  domain::Head head;
  std::vector<domain::StoredEntity> entities;
  domain::Head before;                 ///< the head that `recent` follows
  std::vector<domain::LogRow> recent;  ///< the newest rows, oldest first
};

/// Selects changes with at least one op that meets every condition. All conditions apply to the same op.
/// A change without ops, in which only time passes, is never selected.
struct LogQuery {
  domain::Revision before = 0;  ///< 0: start with the newest
  std::size_t limit = 50;
  std::optional<domain::Kind> kind{};        ///< ops on this kind …
  std::optional<domain::Id> id{};            ///< … and, with it, on this entity
  std::optional<domain::UpdateType> type{};  ///< ops of this type
  domain::Kinds kinds = domain::Kinds::all();
  std::string text{};    ///< part of a name or key of the op's entity, or of the actor's name; a-z equals A-Z
  std::string actor{};   ///< whole name of the actor; empty: any
  std::string source{};  ///< whole source of the actor; empty: any
  std::optional<UnixMillis> since{};  ///< committed at that time or later
  std::optional<UnixMillis> until{};  ///< committed before that time
  std::size_t scan = 5'000;           ///< the call ends after it has looked at this many ops …
  std::size_t bytes = 4'194'304;      ///< … or read so many bytes of changes; one row may be larger
};

struct LogPage {
  std::vector<domain::LogRow> rows;  ///< newest first
  domain::Revision next = 0;         ///< `before` of the next page; 0: there are no more
};

/// The part of an environment's log that is kept: the rows after `before`. Retention removes older rows
/// (`Store::prune_log`), and every call here treats them as gone. A caller that asks for them gets
/// `not_found`
/// (`no_longer_kept`).
struct KeptLog {
  domain::Head before;     ///< the head that the oldest kept row follows; the oldest state that can be told
  domain::Head newest;     ///< the head of the environment
  UnixMillis oldest_at{};  ///< commit time of the oldest kept row; of `before` without one
  std::int64_t bytes = 0;  ///< of the actors and changes of the kept rows, as text
  domain::Revision needed = 0;  ///< the oldest revision that a remembered outcome names; 0: none does

  [[nodiscard]] bool is_whole() const noexcept { return before.revision == 0; }
  [[nodiscard]] domain::Revision oldest() const noexcept { return before.revision + 1; }
  [[nodiscard]] std::int64_t rows() const noexcept { return newest.revision - before.revision; }
};

/// `not_found`, with the oldest kept revision in the details. `what` is like "revision 12".
[[nodiscard]] Error no_longer_kept(const std::string& what, domain::Revision oldest);

/// An asset of an environment.
struct StoredAsset {
  std::string type;  ///< media type of the newest change that named it
  SharedBytes bytes;
};

/// The assets that an environment keeps: those of its entities, and those that only rows of the log name.
struct AssetUsage {
  std::int64_t assets = 0;
  std::int64_t bytes = 0;  ///< each asset counts as at least `kLeastAsset`
};
inline constexpr std::int64_t kLeastAsset = 4'096;

class Reader {
 public:
  virtual ~Reader() = default;

  /// A number that stays the same while nobody commits. It costs next to nothing: an idle server asks for it
  /// once a second.
  [[nodiscard]] virtual Result<std::int64_t> version() = 0;
  /// All environments with their newest heads, in the order of their creation.
  [[nodiscard]] virtual Result<std::vector<Environment>> environments() = 0;
  /// The newest state and up to `recent` rows, all of one moment.
  [[nodiscard]] virtual Result<StoredState> state(const std::string& environment, std::size_t recent) = 0;
  /// Up to `limit` rows after `after`, oldest first. `not_found` when the next one is no longer kept.
  [[nodiscard]] virtual Result<std::vector<domain::LogRow>> rows_after(const std::string& environment,
                                                                       domain::Revision after,
                                                                       std::size_t limit) = 0;
  /// Up to `limit` kept rows before `before`, newest first.
  [[nodiscard]] virtual Result<std::vector<domain::LogRow>> rows_before(const std::string& environment,
                                                                        domain::Revision before,
                                                                        std::size_t limit) = 0;
  /// The head that the row of `revision` follows; `revision` may be the next one. `not_found` when that head
  /// is no longer kept.
  [[nodiscard]] virtual Result<domain::Head> head_before(const std::string& environment,
                                                         domain::Revision revision) = 0;
  /// One call looks at a bounded number of ops. So a page may have fewer rows than asked for, or none, and
  /// still name a next page.
  [[nodiscard]] virtual Result<LogPage> log_page(const std::string& environment, const LogQuery& query) = 0;
  /// What is kept of the log. `now` tells which outcomes are still remembered.
  [[nodiscard]] virtual Result<KeptLog> kept_log(const std::string& environment, UnixMillis now) = 0;
  /// Follows the chain from `from`, a head of this log, over up to `limit` rows, and answers the head that it
  /// comes to. `internal` when a row does not follow. It reads the texts of the rows only, so it is quick.
  [[nodiscard]] virtual Result<domain::Head> follow_chain(const std::string& environment,
                                                          const domain::Head& from, std::size_t limit) = 0;
  /// The newest revision that was committed at `time` or earlier; 0 when that was before the first.
  /// `not_found` when it is no longer kept.
  [[nodiscard]] virtual Result<domain::Revision> revision_at(const std::string& environment,
                                                             UnixMillis time) = 0;
  [[nodiscard]] virtual Result<std::optional<Secret>> secret(const std::string& environment,
                                                             domain::Kind kind, domain::Id id) = 0;
  /// Nothing when the environment keeps no such asset. `sha256` as in domain/entities/asset.hpp.
  [[nodiscard]] virtual Result<std::optional<StoredAsset>> asset(const std::string& environment,
                                                                 const std::string& sha256) = 0;
  [[nodiscard]] virtual Result<AssetUsage> asset_usage(const std::string& environment) = 0;
  /// Messages that want an acknowledgement.
  [[nodiscard]] virtual MessageReader& messages() noexcept = 0;
  /// When sessions and API keys were used last.
  [[nodiscard]] virtual UsageReader& usage() noexcept = 0;
  /// What was fetched from other servers.
  [[nodiscard]] virtual FetchedReader& fetched() noexcept = 0;
};

}  // namespace togglecast::storage
