// The state at any revision of the log, and the difference between two revisions.
//
// The read model holds recent states. The store-reader thread computes older ones: it starts at the nearest
// known state and undoes rows of the log, one bounded page at a time, so that other reads run in between. A
// worker makes the answer.
//
// Thread rule: any thread. `done` runs on a worker or on the store-reader thread, or within the call when the
// request is refused. Errors: `forbidden`, `not_found` for a revision that does not exist (yet) or is no
// longer kept, `conflict` for a revision of another epoch, `invalid_argument` for a time in the future,
// `unavailable` when too many reads wait already.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>

#include "base/clock.hpp"
#include "changes/read_model.hpp"
#include "changes/store_reader.hpp"
#include "domain/schema/version.hpp"
#include "service/accounts/principal.hpp"

namespace togglecast::service {

/// A revision, or the newest revision at a time. Without both: now.
struct Moment {
  std::optional<domain::NamedRevision> revision;
  std::optional<UnixMillis> time;
};

struct HistoryOptions {
  std::size_t page = 256;   ///< rows of the log per page
  std::size_t at_once = 4;  ///< states computed at the same time; further requests are refused
};

class History {
 public:
  using Done = std::function<void(Result<json::value> answer)>;

  History(changes::StoreReader& reader, changes::WorkerPool& workers, const changes::ReadModel& model,
          const Clock& clock, const HistoryOptions& options = {})
      : reader_(reader), workers_(workers), model_(model), clock_(clock), options_(options) {}

  /// `{revision, epoch, as_of, state: {platforms: […], clients: […], …}}`, with every entity that the role
  /// may read.
  void state(const Principal& who, const Moment& at, Done done);
  /// The body of one entity; `not_found` when it did not exist then.
  void entity(const Principal& who, const Moment& at, domain::Kind kind, domain::Id id, Done done);
  /// `{from: {revision, epoch, as_of}, to: {…}, changes: [{entity_type, entity_id, type, key, name?, fields?,
  /// before, after}]}`: a created or deleted entity with its body, others with the members that differ. Never
  /// a `toggle`. An entity that was changed and changed back is not listed.
  void difference(const Principal& who, const Moment& from, const Moment& to, Done done);

 private:
  using Found = std::function<void(Result<domain::SnapshotPtr> state)>;
  struct Walk;

  void find(const std::string& environment, const Moment& at, Found found);
  /// `found`, once the state at this revision is known to be the one that was named.
  [[nodiscard]] Found checked(const std::string& environment, const domain::NamedRevision& named,
                              Found found);
  void find_revision(const std::string& environment, domain::Revision revision, Found found);
  void walk(const std::shared_ptr<Walk>& walk);
  void submit(const Found& found, changes::StoreReader::Task task);
  /// Answers with `make()`, made on a worker.
  void answer_from_worker(const Done& done, std::function<json::value()> make);

  changes::StoreReader& reader_;
  changes::WorkerPool& workers_;
  const changes::ReadModel& model_;
  const Clock& clock_;
  HistoryOptions options_;
  std::atomic<std::size_t> walking_{0};
};

}  // namespace togglecast::service
