// Admins that follow single entities: who else follows the same one, and how far its last change has come.
// Thread rule: made before the shards start; `add`, `remove`, `gone` and `on_commit` on the shard that they
// are about. What must know all shards lives on the first one.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "changes/feed.hpp"
#include "delivery/rollouts.hpp"
#include "net/shard_pool.hpp"
#include "realtime/messages/cluster_presence.hpp"
#include "realtime/messages/shard_messages.hpp"

namespace togglecast::realtime {

class EntitySubscriptions {
 public:
  EntitySubscriptions(net::ShardPool& shards, const delivery::ShardDeliveries& deliveries,
                      const AllShardMessages& messages, delivery::Rollouts& rollouts, const Options& options,
                      const Clock& clock, nodes::Nodes* nodes = nullptr);
  EntitySubscriptions(const EntitySubscriptions&) = delete;
  EntitySubscriptions& operator=(const EntitySubscriptions&) = delete;

  /// Or says something else about an entity that it follows already. False when this connection follows too
  /// many entities that exist.
  [[nodiscard]] bool add(SocketSubscriber& subscriber, const EntityRef& entity, bool editing = false);
  void remove(SocketSubscriber& subscriber, const EntityRef& entity);
  /// Ends the subscriptions to entities of other kinds. Returns them.
  std::vector<EntityRef> keep_only(SocketSubscriber& subscriber, const domain::Kinds& kinds);
  /// The connection leaves.
  void gone(const SocketSubscriber& subscriber);
  void on_commit(const net::Shard& shard, const changes::Commit& commit);
  /// The environment begins again, and its revisions may be lower. From any thread.
  void forget_rollouts(const std::string& environment);
  /// Tells the progress of a change to those who follow `entity`, from now on.
  void follow_rollout(const EntityRef& entity, domain::Revision revision);

 private:
  struct Rollout {
    domain::Revision revision = 0;
    json::object last;  // progress as it was told
  };

  /// A deleted entity keeps its followers, because an undo brings it back; but it takes no place from others.
  void drop_deleted(SocketSubscriber& subscriber);
  void forget(const net::Shard& shard, const EntityRef& entity);
  /// The list of its followers changed; it is sent from the first shard.
  void note_presence(const EntityRef& entity);
  void tell_presence();
  void tell_viewers(const EntityRef& entity, const Viewers& all);
  void follow(const EntityRef& entity, domain::Revision revision);
  void count_rollouts();
  void tell_rollouts(const delivery::Rollouts::Asked& asked, const delivery::Rollouts::Found& found);
  /// True when there is no more to tell.
  [[nodiscard]] bool tell_rollout(const EntityRef& entity, Rollout& rollout,
                                  const delivery::RolloutsOfEnvironment& found, std::size_t index);
  void tell(const EntityRef& entity, std::string_view event, const json::object& payload);

  net::ShardPool& shards_;
  const delivery::ShardDeliveries& deliveries_;
  const AllShardMessages& messages_;
  delivery::Rollouts& rollouts_known_;
  const Options& options_;
  const Clock& clock_;
  std::vector<std::map<EntityRef, std::size_t>> followed_;  // by shard: connections that follow

  // Of the first shard.
  ClusterPresence elsewhere_;
  std::set<EntityRef> changed_;
  std::map<EntityRef, Rollout> rollouts_;
  net::CallbackTimer presence_timer_;
  net::CallbackTimer rollout_timer_;
};

}  // namespace togglecast::realtime
