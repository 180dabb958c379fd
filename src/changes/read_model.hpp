// The current snapshot of each environment and a ring of recent ones, from which catch-up works.
// Thread rule: readers on any thread; only the writer moves it. The lock is held for a pointer's copy.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "domain/state/snapshot.hpp"
#include "storage/store.hpp"

namespace togglecast::changes {

class ReadModel {
 public:
  /// Keeps up to `ring` snapshots before the current one, per environment.
  explicit ReadModel(std::size_t ring = 1'024) : capacity_(ring) {}

  /// Adds an environment; its ring is rebuilt by undoing `loaded.recent`. `internal` when state and log
  /// contradict.
  [[nodiscard]] Result<void> add(const storage::Loaded& loaded);
  /// Moves an environment on by one revision. By the writer.
  void advance(const domain::SnapshotPtr& after);

  /// nullptr when there is no such environment.
  [[nodiscard]] domain::SnapshotPtr current(std::string_view environment) const;
  /// The state that `offset` names; nullptr when it is of another epoch or history, older than the ring or
  /// ahead.
  [[nodiscard]] domain::SnapshotPtr find(std::string_view environment, const domain::Offset& offset) const;
  /// The state at `revision` of the present history; nullptr when it is older than the ring or ahead.
  [[nodiscard]] domain::SnapshotPtr at(std::string_view environment, domain::Revision revision) const;
  /// The known state that is `revision` or, when that is older than the ring, comes soonest after it; of any
  /// epoch. nullptr when `revision` is ahead.
  [[nodiscard]] domain::SnapshotPtr nearest(std::string_view environment, domain::Revision revision) const;
  [[nodiscard]] std::vector<std::string> environments() const;

 private:
  using Ring = std::deque<domain::SnapshotPtr>;  // revisions without gaps, the newest last

  std::size_t capacity_;
  mutable std::mutex mutex_;
  std::map<std::string, Ring, std::less<>> rings_;
};

}  // namespace togglecast::changes
