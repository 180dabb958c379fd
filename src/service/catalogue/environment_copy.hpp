// The catalogue of one environment as a single change to another one. Thread rule: pure functions; the
// builder runs on the writer's thread.
#pragma once

#include "changes/committer.hpp"
#include "domain/state/snapshot.hpp"

namespace togglecast::service {

/// The change creates the platforms, segments, features and packages of `from`, and with `clients` its
/// clients, with their keys and ids. Tokens stay behind. `conflict` unless the environment is new: it must
/// have no revision yet, so that no id of `from` was used there before.
[[nodiscard]] changes::Build build_copy(domain::SnapshotPtr from, bool clients);

}  // namespace togglecast::service
