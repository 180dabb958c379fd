// Tells every committed change, in order, to all subscribers.
//
// No subscriber misses a change because of an exception. The feed keeps each event until every subscriber has
// taken it. A subscriber that throws does not stop the others: `tell` offers it the same event again later.
// That subscriber may then see an event twice, or in part. When more than `kMostUntold` events wait, the
// oldest is dropped and `on_failure` says so. Each commit has the whole state after it. So a subscriber whose
// own state is not `before` compares its own state with `after`.
//
// To miss nothing at the start, subscribe first and read the ReadModel afterwards. A change that the
// ReadModel already had may then arrive once more; ignore it. The same holds for environments.
//
// Thread rule: all calls from any thread; `subscribe` and dropping a Subscription not from within a listener.
// Listeners run one at a time, on the thread of the commit or of the tail. They must return at once: they
// post to their own threads. The feed outlives its subscriptions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string_view>

#include "domain/state/impact.hpp"
#include "domain/state/snapshot.hpp"

namespace togglecast::changes {

/// One revision of one environment (`row.environment`), with the states before and after it.
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
  /// A new environment at its first known state. It comes before the environment's commits. Also one that is
  /// known and begins again, in a later epoch: what was told of it before is void.
  using EnvironmentListener = std::function<void(const domain::SnapshotPtr& first)>;
  /// Gets a message about each exception of a listener. Must not throw.
  using OnFailure = std::function<void(std::string_view message)>;

  static constexpr std::size_t kMostUntold = 4'096;

  /// Either a commit or a new environment.
  struct Event {
    CommitPtr commit;
    domain::SnapshotPtr first;
    std::uint64_t number = 0;  ///< set by the feed
  };
  /// An event with the memory that the feed needs for it, so that publishing cannot fail.
  using Prepared = std::list<Event>;

  /// Ends the subscription when dropped. Afterwards its listeners are not running and never run again.
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

  explicit ChangeFeed(OnFailure on_failure = {}) : on_failure_(std::move(on_failure)) {}
  ChangeFeed(const ChangeFeed&) = delete;
  ChangeFeed& operator=(const ChangeFeed&) = delete;

  [[nodiscard]] Subscription subscribe(Listener on_commit, EnvironmentListener on_environment = {});

  /// By the tail, after the read model has moved. Takes the event and tells it; answers as `tell` does.
  bool publish(Prepared&& event) noexcept;
  bool publish(const CommitPtr& commit) { return publish({Event{commit, nullptr}}); }
  /// Tells each subscriber the events that it has not taken yet. True when all have taken all.
  bool tell() noexcept;

 private:
  struct Subscriber {
    Listener on_commit;
    EnvironmentListener on_environment;
    std::uint64_t told = 0;  // the number of the last event that it took
  };

  bool tell_all() noexcept;
  bool tell_one(Subscriber& subscriber) noexcept;
  void report(const char* message) const noexcept;

  std::mutex mutex_;
  OnFailure on_failure_;
  std::uint64_t last_subscriber_ = 0;
  std::map<std::uint64_t, Subscriber> subscribers_;
  std::uint64_t last_event_ = 0;
  std::list<Event> untold_;
};

}  // namespace togglecast::changes
