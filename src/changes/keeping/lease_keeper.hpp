// Takes the lease of the upkeep (upkeep.hpp) when no other node has it, and renews it: a thread that asks the
// committer's thread, once per `renew`, to ask the store. So a node whose committer hangs loses the lease,
// and another one takes over after `lasts`.
//
// Metrics: `togglecast_lease_held`, `togglecast_lease_changes_total`. A line is logged whenever it changes
// hands.
//
// Thread rule: `take` and `start` by the owner, before the committer's `start`; `stop` by the owner, before
// the committer stops.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/clock.hpp"
#include "changes/committer.hpp"
#include "changes/upkeep.hpp"
#include "observe/log.hpp"
#include "observe/metrics.hpp"
#include "storage/store.hpp"

namespace togglecast::changes {

/// The lease that says which node does the upkeep. A program that must be alone with a store takes it too.
inline constexpr const char* kUpkeepLease = "upkeep";

struct LeaseKeeperOptions {
  std::string node{};         ///< this one's name among the nodes of the store
  Milliseconds lasts{5'000};  ///< by the store's clock
  Milliseconds renew{1'000};
};

class LeaseKeeper {
 public:
  /// All references must outlive it.
  LeaseKeeper(Committer& committer, Upkeep& upkeep, observe::Log& log, observe::Metrics& metrics,
              LeaseKeeperOptions options);
  ~LeaseKeeper() { stop(); }
  LeaseKeeper(const LeaseKeeper&) = delete;
  LeaseKeeper& operator=(const LeaseKeeper&) = delete;

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
  std::string holder_;  // as this node knows; on the committer's thread

  std::mutex mutex_;
  std::condition_variable wake_;
  bool asking_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace togglecast::changes
