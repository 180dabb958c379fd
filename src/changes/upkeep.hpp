// Whether this node does what only one of the nodes of a store does at a time: timers, removing old changes
// and messages. The lease of that name says so (storage/leases.hpp); keeping/lease_keeper.hpp renews it.
//
// What a node does with a fence that it has lost meanwhile, the store refuses. So a node that slept harms
// nothing.
//
// Thread rule: any thread. `on_taken` before the first `hold`.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <utility>

#include "storage/leases.hpp"

namespace togglecast::changes {

class Upkeep {
 public:
  /// `taken` runs each time that the lease comes to this node, on the thread that learns it.
  void on_taken(std::function<void()> taken) { taken_ = std::move(taken); }

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
  std::function<void()> taken_;
};

}  // namespace togglecast::changes
