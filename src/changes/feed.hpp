// Every committed change, in order, to everybody who asked.
// Thread rule: `subscribe` and dropping a Subscription from any thread, but not from within a listener.
// Listeners run on the writer's thread, one change after the other, and must return at once: they post to
// their own threads. The feed outlives its subscriptions.
//
// Nothing is missed by subscribing first and then taking `ReadModel::current`; a change at or below that
// revision may then arrive once more and is to be ignored.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>

#include "domain/state/impact.hpp"
#include "domain/state/snapshot.hpp"

namespace togglecast::changes {

/// One revision of one environment (`row.environment`): what was, what happened, what is.
struct Commit {
  domain::LogRow row;
  domain::SnapshotPtr before;
  domain::SnapshotPtr after;
  domain::Impact impact;
};
using CommitPtr = std::shared_ptr<const Commit>;

class ChangeFeed {
 public:
  using Listener = std::function<void(const CommitPtr& commit)>;

  /// Ends the subscription when dropped; afterwards the listener is not running and never runs again.
  class Subscription {
   public:
    Subscription() = default;
    Subscription(ChangeFeed& feed, std::uint64_t number) : feed_(&feed), number_(number) {}
    Subscription(Subscription&& other) noexcept;
    Subscription& operator=(Subscription&& other) noexcept;
    ~Subscription() { reset(); }
    void reset();

   private:
    ChangeFeed* feed_ = nullptr;
    std::uint64_t number_ = 0;
  };

  [[nodiscard]] Subscription subscribe(Listener listener);
  /// By the writer, after the read model moved.
  void publish(const CommitPtr& commit);

 private:
  std::mutex mutex_;
  std::uint64_t last_number_ = 0;
  std::map<std::uint64_t, Listener> listeners_;
};

}  // namespace togglecast::changes
