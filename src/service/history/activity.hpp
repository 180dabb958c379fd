// The change log as people read it, and taking a change back.
// Thread rule: `activity_entry` is a pure function; the calls of ActivityService may be made on any thread,
// `done` runs on the store-reader or the writer's thread (or within the call, when that is refused).
#pragma once

#include <functional>
#include <string>

#include "changes/committer.hpp"
#include "changes/read_model.hpp"
#include "changes/store_reader.hpp"
#include "domain/state/log_row.hpp"
#include "service/accounts/principal.hpp"

namespace togglecast::service {

/// What of a change an entry shows: the rest is told by numbers and names.
inline constexpr std::size_t kMaxEntryChanges = 50;
inline constexpr std::size_t kMaxEntryBytes = 16 * 1'024;  ///< of bodies and members, as JSON text

/// `{environment?, revision, epoch, timestamp, actor, source, summary, undoes?, changes: [{entity_type,
/// entity_id, type, key, name?, fields?, before, after, cut?}], more_changes?}`. `before` and `after` hold
/// the members that changed, of a creation or deletion the whole body; what would make an entry too large is
/// left out of them and named in `cut`. Only entities of readable kinds are told; null when none is.
/// `environment` is there when it is `system`, of which admins alone are told: that somebody logged in is no
/// news. `names`, when given, is where the summary looks up names that are not in the change.
[[nodiscard]] json::value activity_entry(const domain::LogRow& row, domain::Kinds readable,
                                         const domain::Snapshot* names = nullptr);

struct ActivityPage {
  json::array entries;        ///< newest first
  domain::Revision next = 0;  ///< `before` of the next page; 0: this was the last
};
using ActivityDone = std::function<void(Result<ActivityPage> page)>;

inline constexpr std::size_t kMaxActivity = 200;

struct Undone {
  json::value entry;  ///< of the change that takes the other one back
  domain::Revision revision = 0;
  bool replayed = false;
};
using UndoDone = std::function<void(Result<Undone> undone)>;

class ActivityService {
 public:
  ActivityService(changes::StoreReader& reader, const changes::ReadModel& model,
                  changes::Committer& committer)
      : reader_(reader), model_(model), committer_(committer) {}

  /// Of the principal's environment; of `system` when admins are asked for. `query.limit` is cut to
  /// kMaxActivity, `query.kinds` to what the role may read. A page may hold fewer entries than asked for,
  /// even none, and have a next one all the same: one call looks at a bounded part of the log.
  void page(const Principal& who, const storage::LogQuery& query, ActivityDone done);

  /// Makes a new change that takes the one of `revision` back, see undo.hpp. Takes the right to change every
  /// kind of entity that it touches.
  void undo(const Principal& who, domain::Revision revision, const WriteOptions& options, UndoDone done);

 private:
  void tell_undone(const Principal& who, const changes::Written& written, const UndoDone& done);

  changes::StoreReader& reader_;
  const changes::ReadModel& model_;
  changes::Committer& committer_;
};

}  // namespace togglecast::service
