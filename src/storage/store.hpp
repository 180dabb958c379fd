// The durable side of the catalogue: environments, their entities, their change log, and secrets beside them.
//
// The log is the outbox. A writer opens a transaction, which takes the environment's counter row; applies the
// rows it has not seen, if another node wrote some; validates against exactly that state; and commits
// entities and log row together. What was committed survives kill -9 and power loss.
//
// Thread rule: a Store, and each Reader, is used by one thread at a time. Readers see committed rows only and
// never hold a writer up. Errors: `unavailable` when the medium fails for now (full, read-only, locked, I/O),
// `internal` when what is stored is damaged; both say what to do.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/secret.hpp"
#include "domain/state/log_row.hpp"
#include "domain/state/snapshot.hpp"
#include "domain/state/view.hpp"

namespace togglecast::storage {

struct Environment {
  std::string key;
  domain::Head head;
};

/// A password hash or key beside the entity it belongs to; gone with it. Never part of a change.
struct SecretWrite {
  domain::Kind kind = domain::Kind::admin;
  domain::Id id = 0;
  Secret value;
};

/// Names a request that its sender may repeat.
struct IdempotencyKey {
  std::string actor;  ///< who sent it; keys of different actors never meet
  std::string key;
  Sha256 request{};  ///< digest of what was asked, to notice a key used twice for different things
};

/// What a request with an idempotency key came to.
struct Outcome {
  domain::Revision revision = 0;
  bool changed = false;  ///< whether that revision is its own; otherwise all was already as asked
  domain::Kind kind = domain::Kind::platform;
  domain::Id id = 0;
};

struct RememberedOutcome {
  Sha256 request{};
  Outcome outcome;
};

struct Commit {
  const domain::LogRow* row = nullptr;  ///< null: nothing changes, only the outcome is remembered
  std::span<const SecretWrite> secrets;
  std::optional<IdempotencyKey> idempotency;
  Outcome outcome;  ///< remembered with `idempotency`
  UnixMillis at{};
};

/// Holds the environment's counter row. Dropped without `commit`, it changes nothing.
class WriteTransaction {
 public:
  virtual ~WriteTransaction() = default;
  /// The newest head, which stays the newest until this transaction ends.
  [[nodiscard]] virtual const domain::Head& head() const noexcept = 0;
  /// Rows after `seen`, oldest first: what another node wrote since.
  [[nodiscard]] virtual Result<std::vector<domain::LogRow>> rows_after(domain::Revision seen) = 0;
  /// The highest id that was ever used for this kind; 0 when none was.
  [[nodiscard]] virtual Result<domain::Id> last_id(domain::Kind kind) = 0;
  [[nodiscard]] virtual Result<std::optional<RememberedOutcome>> remembered(const IdempotencyKey& key) = 0;
  [[nodiscard]] virtual Result<domain::LogRow> row(domain::Revision revision) = 0;
  /// The revision that touched this entity last, of those until `until`; 0 when none did.
  [[nodiscard]] virtual Result<domain::Revision> last_touched(domain::Kind kind, domain::Id id,
                                                              domain::Revision until) = 0;
  /// Durable when it returns without error. After an error it may or may not have happened; `head` of the
  /// next transaction tells.
  [[nodiscard]] virtual Result<void> commit(const Commit& what) = 0;
};

/// Changes of which at least one op is as asked: one and the same op in everything that is said of ops.
/// Changes without ops, by which only time passes, are never among them.
struct LogQuery {
  domain::Revision before = 0;  ///< 0: from the newest on
  std::size_t limit = 50;
  std::optional<domain::Kind> kind{};        ///< ops on this kind …
  std::optional<domain::Id> id{};            ///< … and, with it, on this entity
  std::optional<domain::UpdateType> type{};  ///< ops that did this
  domain::Kinds kinds = domain::Kinds::all();
  std::string text{};    ///< in a name or key of the op's entity, or in the actor's name; case of a-z aside
  std::string actor{};   ///< whole name of the actor; empty: any
  std::string source{};  ///< whole source of the actor; empty: any
  std::optional<UnixMillis> since{};  ///< committed at that time or later
  std::optional<UnixMillis> until{};  ///< committed before that time
  std::size_t scan = 5'000;           ///< ops to look at before giving up for now
};

struct LogPage {
  std::vector<domain::LogRow> rows;  ///< newest first
  domain::Revision next = 0;         ///< `before` of the next page; 0: there are no more
};

class Reader {
 public:
  virtual ~Reader() = default;
  /// May hold fewer rows than asked for, or none, and still have a next page: one call looks at a bounded
  /// number of ops.
  [[nodiscard]] virtual Result<LogPage> log_page(const std::string& environment, const LogQuery& query) = 0;
  /// Every row before `before`, newest first.
  [[nodiscard]] virtual Result<std::vector<domain::LogRow>> rows_before(const std::string& environment,
                                                                        domain::Revision before,
                                                                        std::size_t limit) = 0;
  /// The newest revision that was committed at `time` or earlier; 0 when none was.
  [[nodiscard]] virtual Result<domain::Revision> revision_at(const std::string& environment,
                                                             UnixMillis time) = 0;
  [[nodiscard]] virtual Result<std::optional<Secret>> secret(const std::string& environment,
                                                             domain::Kind kind, domain::Id id) = 0;
};

/// The state of an environment and the rows that led to it.
struct Loaded {
  domain::SnapshotPtr snapshot;
  domain::Head before;                 ///< the head that `recent` follows on
  std::vector<domain::LogRow> recent;  ///< oldest first
};

class Store {
 public:
  virtual ~Store() = default;
  [[nodiscard]] virtual Result<std::vector<Environment>> environments() = 0;
  /// `genesis` is random and starts the chain. `already_exists` when the key is taken.
  [[nodiscard]] virtual Result<void> create_environment(const std::string& key, const Sha256& genesis,
                                                        UnixMillis at) = 0;
  /// The newest state and up to `recent` rows, with their chain checked. `not_found` without such an
  /// environment.
  [[nodiscard]] virtual Result<Loaded> load(const std::string& environment, std::size_t recent) = 0;
  [[nodiscard]] virtual Result<std::unique_ptr<WriteTransaction>> begin(const std::string& environment) = 0;
  /// An independent way to read, for another thread.
  [[nodiscard]] virtual Result<std::unique_ptr<Reader>> open_reader() = 0;
  /// Whether what is written would be found again: nobody took the medium away. Quick while that is so.
  [[nodiscard]] virtual Result<void> in_place() = 0;
  /// Whether a change could be written now, found out by writing something that means nothing.
  [[nodiscard]] virtual Result<void> try_out() = 0;
};

}  // namespace togglecast::storage
