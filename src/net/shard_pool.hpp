// All shards of a process, and their listeners.
// Thread rule: one thread starts, listens and stops. `at`, `post_to_all` and `run_on_all` are for any thread
// while the pool runs.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "net/listener.hpp"
#include "net/output_queues.hpp"
#include "net/shard.hpp"
#include "net/shard_limit.hpp"
#include "observe/peer_log.hpp"

namespace togglecast::net {

class ShardPool {
 public:
  /// Makes `count` shards; 0 stands for one per core, at most kMostShards. Throws std::invalid_argument when
  /// `count` is larger than kMostShards. The log gets every exception that a task or handler throws. Log and
  /// clock must outlive the pool.
  explicit ShardPool(std::size_t count = 0, observe::PeerLog log = {},
                     const Clock& clock = Shard::system_clock());
  ShardPool(const ShardPool&) = delete;
  ShardPool& operator=(const ShardPool&) = delete;
  ~ShardPool();

  /// The bytes that may wait for all peers together, `OutputBudget::kDefault` unless set before the start.
  void limit_queued_bytes(std::size_t bytes) noexcept { budget_.limit(bytes); }
  [[nodiscard]] const OutputBudget& output_budget() const noexcept { return budget_; }

  [[nodiscard]] std::size_t size() const noexcept { return shards_.size(); }
  [[nodiscard]] Shard& at(std::size_t index) const noexcept { return *shards_[index]; }

  /// Opens a listener on every shard and returns the port. They accept once the pool runs. Errors name the
  /// address and the port:
  ///   already_exists    another process has the port, also when it shares ports as this pool does
  ///   forbidden         only root may use the port
  ///   invalid_argument  an address is not numeric, or there is none
  ///   unavailable       everything else, in the words of the system
  [[nodiscard]] Result<std::uint16_t> listen(const ListenOptions& options, AcceptHandler handler);
  void start();
  /// Accepts no more connections. Existing connections stay.
  void stop_listening();
  void stop();

  /// Runs `task` once on every shard.
  void post_to_all(const std::function<void(Shard&)>& task) const;
  /// The same, and waits until every shard has run it. Does nothing while the pool does not run. Not to be
  /// called on a shard's thread.
  void run_on_all(const std::function<void(Shard&)>& task) const;

 private:
  [[nodiscard]] Result<std::uint16_t> listen_once(const ListenOptions& options,
                                                  const std::shared_ptr<const AcceptHandler>& handler,
                                                  std::vector<std::unique_ptr<Listener>>& opened);

  OutputBudget budget_;
  std::vector<std::unique_ptr<Shard>> shards_;
  struct Bound {
    Shard* shard;
    std::unique_ptr<Listener> listener;
  };
  std::vector<Bound> listeners_;
  std::atomic<bool> running_{false};
};

}  // namespace togglecast::net
