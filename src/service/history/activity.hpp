// The activity feed (the change log for readers) and undo.
// Thread rule: `activity_entry` is a pure function. ActivityService may be called on any thread; `done` runs
// on the store-reader's or the writer's thread, or within the call when the request is refused.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "changes/committer.hpp"
#include "changes/read_model.hpp"
#include "changes/store_reader.hpp"
#include "domain/schema/version.hpp"
#include "domain/state/log_row.hpp"
#include "service/accounts/principal.hpp"

namespace togglecast::service {

/// Limits of one entry. It gives the number of further changes and the names of omitted members.
inline constexpr std::size_t kMaxEntryChanges = 50;
inline constexpr std::size_t kMaxEntryBytes = 16 * 1'024;  ///< of bodies and members, as JSON text

/// `{environment?, revision, epoch, timestamp, actor, source, summary, undoes?, changes: [{entity_type,
/// entity_id, type, key, name?, fields?, before, after, cut?}], more_changes?}`
///
/// * `before` and `after` hold the changed members; for a creation or deletion, the complete body.
/// * `cut` names the members that were omitted because the entry would be too large.
/// * Only entities of readable kinds appear; the result is null when there is none.
/// * `environment` is present only when it is `system`. There the feed shows accounts of admins and what was
///   done with environments, no logins.
/// * The summary looks up names in `names`, if given, when the change does not contain them.
[[nodiscard]] json::value activity_entry(const domain::LogRow& row, domain::Kinds readable,
                                         const domain::Snapshot* names = nullptr);

struct ActivityPage {
  json::array entries;        ///< newest first
  domain::Revision next = 0;  ///< `before` of the next page; 0: this is the last page
  json::value kept_since;  ///< `{revision, timestamp}` of the oldest kept change, on the last page of a log
                           ///< whose older changes are no longer kept; else null
};
using ActivityDone = std::function<void(Result<ActivityPage> page)>;

inline constexpr std::size_t kMaxActivity = 200;

struct ActivityQuery : storage::LogQuery {
  /// Of the revision `before`: `conflict` when that revision is of another epoch. Unset: not checked.
  std::optional<std::int64_t> before_epoch{};
};

struct Undone {
  json::value entry;  ///< the entry of the new change
  domain::Revision revision = 0;
  bool replayed = false;
};
using UndoDone = std::function<void(Result<Undone> undone)>;

class ActivityService {
 public:
  ActivityService(changes::StoreReader& reader, const changes::ReadModel& model,
                  changes::Committer& committer)
      : reader_(reader), model_(model), committer_(committer) {}

  /// Reads the principal's environment, or `system` when `query.kind` is admin or environment. Cuts
  /// `query.limit` to kMaxActivity and `query.kinds` to the kinds that the role may read. One call reads a
  /// bounded part of the log, so a page may hold fewer entries than the limit, even none, and still have a
  /// next page. It ends with the entry that brings it to `kPageBytes`.
  void page(const Principal& who, const ActivityQuery& query, ActivityDone done);

  /// Undoes the change of this version by a new change, see undo.hpp. Needs the right to change every kind of
  /// entity that it touches.
  void undo(const Principal& who, const domain::Version& version, const WriteOptions& options, UndoDone done);

 private:
  void answer_undone(const Principal& who, const changes::Written& written, const UndoDone& done);

  changes::StoreReader& reader_;
  const changes::ReadModel& model_;
  changes::Committer& committer_;
};

}  // namespace togglecast::service
