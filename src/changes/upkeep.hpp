// Whether this node does what only one of the nodes of a store does at a time: timers, removing old changes
// and messages. The lease of that name says so (storage/leases.hpp).
//
// What a node does with a fence that it has lost meanwhile, the store refuses. So a node that slept harms
// nothing.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "base/clock.hpp"
#include "observe/log.hpp"
#include "observe/metrics.hpp"
#include "storage/store.hpp"

namespace togglecast::changes {

class Committer;

/// Thread rule: any thread. `on_taken` before the first `hold`.
class Upkeep {
 public:
  /// `taken` runs each time that the lease comes to this node, on the thread that learns it.
  void on_taken(std::function<void()> taken) { taken_ = std::move(taken); }

  /// The lease as this node saw it last: which node has it.
  [[nodiscard]] storage::LeaseState seen() const {
    const std::scoped_lock lock(mutex_);
    return seen_;
  }
  void see(storage::LeaseState state) {
    const std::scoped_lock lock(mutex_);
    seen_ = std::move(state);
  }

  /// For the next step of the work; nothing: another node does it.
  [[nodiscard]] std::optional<storage::Fence> fence() const {
    const std::scoped_lock lock(mutex_);
    return fence_;
  }
  [[nodiscard]] bool is_mine() const { return fence().has_value(); }

  /// True when it is news.
  bool hold(storage::Fence fence) {
    {
      const std::scoped_lock lock(mutex_);
      if (fence_ == fence) return false;
      fence_ = std::move(fence);
    }
    if (taken_) taken_();
    return true;
  }
  /// True when this node had it.
  bool lose() {
    const std::scoped_lock lock(mutex_);
    return std::exchange(fence_, std::nullopt).has_value();
  }

 private:
  mutable std::mutex mutex_;
  std::optional<storage::Fence> fence_;
  storage::LeaseState seen_;
  std::function<void()> taken_;
};

/// The lease that says which node does the upkeep. A program that must be alone with a store takes it too.
inline constexpr const char* kUpkeepLease = "upkeep";

struct LeaseKeeperOptions {
  std::string node{};         ///< this one's name among the nodes of the store
  Milliseconds lasts{5'000};  ///< by the store's clock
  Milliseconds renew{1'000};
};

/// Takes the lease when no other node has it, and renews it: a thread that asks the committer's thread, once
/// per `renew`, to ask the store. So a node whose committer hangs loses the lease, and another one takes over
/// after `lasts`. A line is logged whenever it changes hands. Metrics: `togglecast_lease_held`,
/// `togglecast_lease_changes_total`.
///
/// Thread rule: `also`, `take` and `start` by the owner, before the committer's `start`; `stop` by the owner,
/// before the committer stops.
class LeaseKeeper {
 public:
  /// All references must outlive it.
  LeaseKeeper(Committer& committer, Upkeep& upkeep, observe::Log& log, observe::Metrics& metrics,
              LeaseKeeperOptions options);
  ~LeaseKeeper() { stop(); }
  LeaseKeeper(const LeaseKeeper&) = delete;
  LeaseKeeper& operator=(const LeaseKeeper&) = delete;

  /// `task` runs on the committer's thread after each renewal: for what is written every few seconds.
  void also(std::function<void(storage::Store& store)> task) { also_ = std::move(task); }
  /// Once, on the caller's thread.
  void take(storage::Store& store);
  void start();
  /// Ends the thread and gives the lease back.
  void stop();

 private:
  void run();
  void ask();

  Committer& committer_;
  Upkeep& upkeep_;
  observe::Log& log_;
  observe::Gauge& held_;
  observe::Counter& changes_;
  LeaseKeeperOptions options_;
  std::function<void(storage::Store& store)> also_;
  std::string holder_;  // as this node knows; on the committer's thread

  std::mutex mutex_;
  std::condition_variable wake_;
  bool asking_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace togglecast::changes
