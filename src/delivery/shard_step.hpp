// One step of a shard: from the state that it has to a newer one. Over one commit, over several, or over a
// gap between commits, whose effect is then worked out from the two states. Thread rule: pure.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "changes/feed.hpp"
#include "domain/state/impact.hpp"
#include "domain/state/view.hpp"

namespace togglecast::delivery {

struct ShardStep {
  domain::SnapshotPtr from, to;
  domain::Impact impact;
  domain::Step kind = domain::Step::live;
  json::value actor;        ///< the author of the one commit; null for several
  std::size_t commits = 0;  ///< how many it covers, as far as known
  // Subscribers whose right to be there may have changed.
  std::vector<domain::Id> clients_to_recheck;  ///< ascending
  bool recheck_admins = false;
};

/// From `from` over those of `commits` that are newer, in their order; nothing when none is.
[[nodiscard]] std::optional<ShardStep> step_over(const domain::SnapshotPtr& from,
                                                 const std::vector<changes::CommitPtr>& commits);

/// Between two states of one environment, however far apart. Compares every entity.
[[nodiscard]] ShardStep step_between(const domain::SnapshotPtr& from, const domain::SnapshotPtr& to);

}  // namespace togglecast::delivery
