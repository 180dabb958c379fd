// The change log as people read it.
// Thread rule: `activity_entry` is a pure function; `page` may be called on any thread, its `done` runs on
// the store-reader thread (or within the call, when that is refused).
#pragma once

#include <functional>

#include "domain/log_row.hpp"
#include "service/principal.hpp"
#include "service/store_reader.hpp"

namespace togglecast::service {

/// `{revision, epoch, timestamp, actor, changes: [{entity_type, entity_id, type, key, name?, fields?}]}`:
/// what happened, without bodies; `fields` names the members that an update changed. Only entities of
/// readable kinds are told; null when none is.
[[nodiscard]] json::value activity_entry(const domain::LogRow& row, domain::Kinds readable);

struct ActivityPage {
  json::array entries;        ///< newest first
  domain::Revision next = 0;  ///< `before` of the next page; 0: this was the last
};
using ActivityDone = std::function<void(Result<ActivityPage> page)>;

inline constexpr std::size_t kMaxActivity = 200;

class ActivityService {
 public:
  explicit ActivityService(StoreReader& reader) : reader_(reader) {}

  /// Of the principal's environment. `query.limit` is cut to kMaxActivity.
  void page(const Principal& who, const storage::LogQuery& query, ActivityDone done);

 private:
  StoreReader& reader_;
};

}  // namespace togglecast::service
