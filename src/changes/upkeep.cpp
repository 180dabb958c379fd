#include "changes/upkeep.hpp"

#include <exception>
#include <future>
#include <utility>

#include "changes/committer.hpp"

namespace togglecast::changes {

LeaseKeeper::LeaseKeeper(Committer& committer, Upkeep& upkeep, observe::Log& log, observe::Metrics& metrics,
                         LeaseKeeperOptions options)
    : committer_(committer),
      upkeep_(upkeep),
      log_(log),
      held_(metrics.gauge("togglecast_lease_held",
                          "1 while this node does the timers and removes what is old, else 0.",
                          {{"lease", kUpkeepLease}})),
      changes_(metrics.counter("togglecast_lease_changes_total",
                               "How often this node has seen the lease change hands.",
                               {{"lease", kUpkeepLease}})),
      options_(std::move(options)) {}

// An error is the store's. While it lasts, nothing that needs the lease can be written either.
void LeaseKeeper::take(storage::Store& store) {
  const auto state = store.leases().acquire(kUpkeepLease, options_.node, options_.lasts);
  if (!state) return;
  const bool mine = state->holder == options_.node;
  const bool news = state->holder != std::exchange(holder_, state->holder);
  const bool lost = !mine && upkeep_.lose();
  const bool taken = mine && upkeep_.hold({kUpkeepLease, options_.node, state->number});
  upkeep_.see(*state);
  held_.set(mine ? 1 : 0);
  if (news || lost || taken) changes_.add();
  if (taken) {
    log_.info("this node does the timers and removes old changes and messages from now on",
              {{"node", options_.node}, {"number", state->number}});
  } else if (lost || news) {
    log_.info(lost ? "another node has taken over the timers and what removes old changes and messages"
                   : "another node does the timers and removes old changes and messages",
              {{"node", state->holder}, {"number", state->number}});
  }
}

void LeaseKeeper::start() {
  thread_ = std::thread([this] { run(); });
}

void LeaseKeeper::run() {
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, options_.renew, [this] { return stopping_; })) {
    if (std::exchange(asking_, true)) continue;
    lock.unlock();
    ask();
    lock.lock();
  }
}

void LeaseKeeper::ask() {
  const auto asked = [this] {
    const std::scoped_lock lock(mutex_);
    asking_ = false;
    wake_.notify_all();
  };
  try {
    const bool accepted = committer_.submit_task([this, asked](storage::Store& store) {
      take(store);
      asked();
      if (also_) also_(store);
    });
    if (!accepted) asked();
  } catch (const std::exception&) {
    asked();  // no memory: the next time is soon
  }
}

void LeaseKeeper::stop() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (!thread_.joinable()) return;
  thread_.join();
  // What it asked for before comes first, so nothing of it is under way afterwards.
  std::promise<void> released;
  const bool accepted = committer_.submit_task([&](storage::Store& store) {
    upkeep_.lose();
    upkeep_.see({});
    held_.set(0);
    std::ignore = store.leases().release(kUpkeepLease, options_.node);
    released.set_value();
  });
  if (accepted) return released.get_future().get();
  std::unique_lock lock(mutex_);  // the committer is busy or has stopped: it does what it has accepted
  wake_.wait(lock, [this] { return !asking_; });
}

}  // namespace togglecast::changes
