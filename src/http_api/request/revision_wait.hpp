// Requests that wait until a revision arrives (`Togglecast-Min-Revision`). They block no thread.
// Thread rule: construct and drop it while the shards do not run; call `wait` on the shard that it names.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "changes/feed.hpp"
#include "changes/read_model.hpp"
#include "net/shard_pool.hpp"

namespace togglecast::http_api {

class RevisionWait {
 public:
  using Done = std::function<void(bool arrived)>;

  RevisionWait(net::ShardPool& shards, changes::ChangeFeed& feed, const changes::ReadModel& model);
  ~RevisionWait();

  /// Calls `done(true)` on `shard` when `environment` has reached `revision`, within the call if it already
  /// has. Calls `done(false)` after `longest`.
  void wait(net::Shard& shard, const std::string& environment, domain::Revision revision,
            Milliseconds longest, Done done);

 private:
  class Waiter;
  using Waiters = std::vector<std::unique_ptr<Waiter>>;

  [[nodiscard]] bool is_here(const std::string& environment, domain::Revision revision) const;
  void arrived(const net::Shard& shard, const std::string& environment, domain::Revision revision);
  // Removes `waiter` from the list and answers it.
  void end(const Waiter& waiter, bool arrived);

  net::ShardPool& shards_;
  const changes::ReadModel& model_;
  std::atomic<std::size_t> waiting_{0};
  std::vector<Waiters> by_shard_;  // each is used only on its shard
  changes::ChangeFeed::Subscription subscription_;
};

}  // namespace togglecast::http_api
