// The current snapshot of each environment and a ring of recent ones, from which catch-up works.
// Thread rule: reading from any thread; only the tail moves it. The lock is held while a pointer is copied.
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
#include "storage/load.hpp"

namespace togglecast::changes {

class ReadModel {
 public:
  /// Keeps up to `ring` snapshots before the current one, per environment.
  explicit ReadModel(std::size_t ring = 1'024) : capacity_(ring) {}

  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }

  /// Adds an environment and rebuilds its ring by undoing `loaded.recent`. `internal` when state and log
  /// contradict each other. Nothing has changed after an error or an exception.
  [[nodiscard]] Result<void> add(const storage::Loaded& loaded);
  /// Moves a known environment to its next revision. Nothing has changed after an exception.
  void advance(const domain::SnapshotPtr& after);

  /// nullptr without such an environment.
  [[nodiscard]] domain::SnapshotPtr current(std::string_view environment) const;
  /// The state that `offset` names. nullptr when its epoch or history is another one, when it is older than
  /// the ring, or ahead.
  [[nodiscard]] domain::SnapshotPtr find(std::string_view environment, const domain::Offset& offset) const;
  /// The state at `revision` of the present epoch. nullptr when it is older than the ring, or ahead.
  [[nodiscard]] domain::SnapshotPtr at(std::string_view environment, domain::Revision revision) const;
  /// The state at `revision`, or the oldest known state when `revision` is older than the ring; of any epoch.
  /// nullptr when `revision` is ahead.
  [[nodiscard]] domain::SnapshotPtr nearest(std::string_view environment, domain::Revision revision) const;
  [[nodiscard]] std::vector<std::string> environments() const;

 private:
  using Ring = std::deque<domain::SnapshotPtr>;  // revisions without gaps, the newest last

  std::size_t capacity_;
  mutable std::mutex mutex_;
  std::map<std::string, Ring, std::less<>> rings_;
};

}  // namespace togglecast::changes
