// The changes that time makes due: overrides expire, and rules that read the time change their answers. A
// view never changes without a revision, so each of these becomes a commit (docs/evaluation.md, "Time").
// Thread rule: pure functions; the builder runs on the committer's thread.
#pragma once

#include <chrono>
#include <optional>

#include "changes/write_request.hpp"
#include "domain/state/snapshot.hpp"

namespace togglecast::changes {

/// How often rules are checked that read the time in a way which cannot be foreseen.
inline constexpr std::chrono::minutes kDriftInterval{1};

/// The next time at which something changes: an expiry, or a constant that an enabled rule compares with the
/// time. Not after `state.as_of()` when it is already due; nothing when time changes nothing.
[[nodiscard]] std::optional<UnixMillis> next_time_boundary(const domain::Snapshot& state);

/// Something is due at `now`.
[[nodiscard]] bool is_due(const domain::Snapshot& state, UnixMillis now);

/// An enabled rule reads the time in another way, so its answers may drift.
[[nodiscard]] bool may_drift(const domain::Snapshot& state);

/// At `now`, some client may get another answer from such a rule than at `state.as_of()`. The contexts of
/// connections are not known here, so a rule that reads them counts as changed.
[[nodiscard]] bool has_drifted(const domain::Snapshot& state, UnixMillis now);

/// The scheduler's write. It removes the expired overrides, and names the features whose rules have reached a
/// time that they compare with (domain::is_time_boundary). It changes nothing when nothing is due. `drifted`:
/// answers have drifted from those of this revision, so the write makes a revision in which only time passes.
[[nodiscard]] WriteRequest timed_change(const std::string& environment,
                                        std::optional<domain::Revision> drifted = {});

}  // namespace togglecast::changes
