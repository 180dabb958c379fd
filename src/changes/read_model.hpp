// The current snapshot of each environment and a ring of recent ones, from which catch-up works. The rings of
// all environments share a budget of bytes: beyond it, the heaviest ring drops its oldest snapshot.
// Thread rule: reading from any thread; only the tail moves it. The lock is held while a pointer is copied.
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "changes/recent/ring.hpp"
#include "domain/state/snapshot.hpp"
#include "observe/metrics.hpp"
#include "storage/load.hpp"

namespace togglecast::changes {

class ReadModel {
 public:
  /// `metrics`, if any, must outlive it.
  explicit ReadModel(const RingLimits& limits = {}, observe::Metrics* metrics = nullptr);

  [[nodiscard]] const RingLimits& limits() const noexcept { return limits_; }
  /// Whether the budget allows one snapshot more in `ring`, which is not part of the model yet.
  [[nodiscard]] bool has_room(const Ring& ring) const;

  /// Adds an environment. Nothing has changed after an exception.
  void add(Ring ring);
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
  /// Offsets up to this revision are in the older half of what the ring will hold: they are out of reach
  /// soon.
  [[nodiscard]] domain::Revision aging(std::string_view environment) const;
  [[nodiscard]] std::vector<std::string> environments() const;

 private:
  struct Home {
    Ring ring;
    observe::Gauge* bytes = nullptr;
    observe::Gauge* snapshots = nullptr;
  };
  using Homes = std::map<std::string, Home, std::less<>>;

  /// Takes out one snapshot that is too much; nullptr when none is. Needs no lock.
  [[nodiscard]] domain::SnapshotPtr take_excess() noexcept;
  // These need `mutex_`.
  [[nodiscard]] Home* heaviest() noexcept;
  [[nodiscard]] domain::SnapshotPtr drop_oldest(Home& home) noexcept;
  [[nodiscard]] std::size_t bytes() const noexcept;
  static void show(const Home& home) noexcept;

  RingLimits limits_;
  observe::Metrics* metrics_;
  observe::Counter* evictions_ = nullptr;
  mutable std::mutex mutex_;
  Homes homes_;
};

}  // namespace togglecast::changes
