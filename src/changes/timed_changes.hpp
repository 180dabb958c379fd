// What time alone changes, and when: overrides expire, and rules that read the time answer differently. A
// view never changes without a revision, so each of these becomes a commit (docs/evaluation.md, "Time").
// Thread rule: pure functions; the builder runs on the writer's thread.
#pragma once

#include <chrono>
#include <optional>

#include "changes/write_request.hpp"
#include "domain/state/snapshot.hpp"

namespace togglecast::changes {

/// How often rules are looked at that read the time in ways whose turns nobody can foresee.
inline constexpr std::chrono::minutes kDriftInterval{1};

/// When time will next change something: at an expiry, or where an enabled rule compares the time with a
/// constant. Not after `state.as_of()` when it is due already; nothing when time changes nothing.
[[nodiscard]] std::optional<UnixMillis> next_time_boundary(const domain::Snapshot& state);

/// Time has something to change by `now`.
[[nodiscard]] bool is_due(const domain::Snapshot& state, UnixMillis now);

/// An enabled rule reads the time in another way, so its answers may drift.
[[nodiscard]] bool may_drift(const domain::Snapshot& state);

/// At `now`, some client may get another answer from such a rule than at `state.as_of()`. What connections
/// say of themselves is not known here: a rule that looks at it is taken to have changed.
[[nodiscard]] bool has_drifted(const domain::Snapshot& state, UnixMillis now);

/// The timer's write. It takes away the overrides whose time is over by then, and names the features whose
/// rules came to a time that they compare with (domain::is_time_boundary); nothing when nothing is due.
/// `drifted`: a revision all the same, in which only time passes, because answers drifted from those of this
/// one.
[[nodiscard]] WriteRequest timed_change(const std::string& environment,
                                        std::optional<domain::Revision> drifted = {});

}  // namespace togglecast::changes
