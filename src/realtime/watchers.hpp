// Admins who watch single entities: who else looks at the same one, and how far its last change has come.
// Thread rule: made before the shards start; `watch`, `unwatch`, `gone` and `on_commit` on the shard they are
// about. What must know all shards lives on the first one.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "changes/feed.hpp"
#include "net/shard_pool.hpp"
#include "realtime/census.hpp"
#include "realtime/messenger.hpp"
#include "realtime/options.hpp"
#include "realtime/peer.hpp"

namespace togglecast::realtime {

class Watchers {
 public:
  Watchers(net::ShardPool& shards, socketio::Namespace& admins, const Messengers& messengers,
           const Options& options, const Clock& clock);
  Watchers(const Watchers&) = delete;
  Watchers& operator=(const Watchers&) = delete;

  /// False when this connection watches too much already.
  [[nodiscard]] bool watch(socketio::Socket& socket, Peer& peer, const EntityName& entity);
  void unwatch(socketio::Socket& socket, Peer& peer, const EntityName& entity);
  /// The connection leaves.
  void gone(const socketio::Socket& socket, const Peer& peer);
  void on_commit(const net::Shard& shard, const changes::Commit& commit);

 private:
  using Viewers = std::map<domain::Id, std::string>;  // admins and their names
  struct Rollout {
    domain::Revision revision = 0;
    TimePoint began;
    json::object last;  // progress as it was told
  };
  using Counted = std::map<std::string, Census>;  // by environment, of the revisions asked for

  void forget(const net::Shard& shard, const EntityName& entity);
  /// The list of who watches it is to be told, on the first shard.
  void note_presence(const EntityName& entity);
  void tell_presence();
  void follow(const EntityName& entity, domain::Revision revision);
  void count_rollouts();
  void tell_rollouts(const std::map<std::string, std::vector<domain::Revision>>& asked,
                     const Counted& counted);
  /// True when there is no more to be told.
  [[nodiscard]] bool tell_rollout(const EntityName& entity, Rollout& rollout, const Census& census,
                                  std::size_t index);
  void tell(const EntityName& entity, std::string_view event, const json::object& payload);

  net::ShardPool& shards_;
  socketio::Namespace& admins_;
  const Messengers& messengers_;
  const Options& options_;
  const Clock& clock_;
  std::vector<std::map<EntityName, std::size_t>> watched_;  // by shard: connections that watch

  // Of the first shard.
  std::set<EntityName> changed_;
  std::map<EntityName, Rollout> rollouts_;
  net::CallbackTimer presence_timer_;
  net::CallbackTimer rollout_timer_;
};

}  // namespace togglecast::realtime
