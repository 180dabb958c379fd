// One shard's part of pushing: the states it knows, and who has been told which.
//
// `current` moves only by commits from the feed, in order. A push advances the connections that it concerns,
// in slices between which the shard does other things; the next commit waits until all are done, and those
// that wait in numbers are pushed as one. A connection that does not take more is marked and advanced, over
// all it missed at once, when it drains: no queue grows. Thread rule: its shard.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "changes/feed.hpp"
#include "changes/read_model.hpp"
#include "net/shard.hpp"
#include "observe/metrics.hpp"
#include "realtime/batch.hpp"
#include "realtime/options.hpp"
#include "realtime/peer.hpp"
#include "realtime/push_counters.hpp"
#include "realtime/push_job.hpp"
#include "socketio/server.hpp"

namespace togglecast::realtime {

class Broadcaster {
 public:
  Broadcaster(net::Shard& shard, socketio::Namespace& admins, socketio::Namespace& clients,
              const changes::ReadModel& model, const Options& options, const Clock& clock,
              const PushCounters& counters, observe::Counter& limited);
  Broadcaster(const Broadcaster&) = delete;
  Broadcaster& operator=(const Broadcaster&) = delete;

  /// Before the first commit: where the shard starts from.
  void begin(const domain::SnapshotPtr& state);
  void on_commit(const changes::CommitPtr& commit);

  /// The state of this environment that this shard has told, or is telling; nullptr when there is no such
  /// environment.
  [[nodiscard]] domain::SnapshotPtr current(std::string_view environment) const;
  /// Runs `task` once `current(environment)` has reached `revision`: at once when it has.
  void when_reached(const std::string& environment, domain::Revision revision, std::function<void()> task);
  /// The revision that this connection has been told everything up to.
  [[nodiscard]] domain::Revision told(const Peer& peer) const;

  /// Whether this connection may have its whole state again now: an error when it asks too often.
  [[nodiscard]] Result<void> take_full_state(Peer& peer) const;
  /// Sends what it missed to a connection of a client that says it has `revision`, after this turn and as
  /// soon as it takes more: the updates since then, or the whole view when that is out of reach. False: it
  /// missed nothing.
  [[nodiscard]] Result<bool> catch_up(socketio::Socket& socket, Peer& peer, domain::Revision revision);
  /// Sends the whole view, for this reason, as `config_sync`.
  void send_whole_view(socketio::Socket& socket, Peer& peer, std::string_view reason);
  /// What was queued for this connection has left: what it missed meanwhile follows.
  void on_drained(socketio::Socket& socket);

 private:
  void pump();
  void start(const std::vector<changes::CommitPtr>& commits);
  [[nodiscard]] std::vector<changes::CommitPtr> next_commits();
  void push_admins(const std::vector<changes::CommitPtr>& commits);
  void recheck_clients(const changes::Commit& commit);
  void recheck_admins(const changes::Commit& commit);
  void call_waiters(const std::string& environment, domain::Revision revision);
  /// Brings a connection to `current`, from `from`.
  void advance(socketio::Socket& socket, Peer& peer, const domain::SnapshotPtr& from);

  net::Shard& shard_;
  socketio::Namespace& admins_;
  socketio::Namespace& clients_;
  const changes::ReadModel& model_;
  const Options& options_;
  const Clock& clock_;
  PushCounters counters_;
  observe::Counter& limited_;
  std::map<std::string, domain::SnapshotPtr, std::less<>> current_;
  /// Stands for a state that is not known here any more, or never was.
  const domain::SnapshotPtr out_of_reach_ = std::make_shared<domain::Snapshot>("", domain::Head{});
  std::deque<changes::CommitPtr> waiting_;
  std::unique_ptr<PushJob> job_;
  bool continuing_ = false;  // a task that goes on with the job is on its way
  struct Waiter {
    std::string environment;
    domain::Revision revision;
    std::function<void()> task;
  };
  std::vector<Waiter> waiters_;
};

/// One of each shard, by its index.
using Broadcasters = std::vector<std::unique_ptr<Broadcaster>>;

}  // namespace togglecast::realtime
