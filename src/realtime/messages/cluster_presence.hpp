// Which admins follow which entities at the other nodes. Each node tells the whole list of its own, when it
// changes and once a second while it is not empty. So a lost message is mended by the next one, and the list
// of a node that falls silent goes with it.
//
//   topic presence   {"entities": [{"environment", "type", "id", "viewers": [[admin, username, editing?],
//   …]}, …]}
//
// Thread rule: `Changed` and all calls on the first shard, once it runs.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>

#include "base/clock.hpp"
#include "net/shard_pool.hpp"
#include "nodes/nodes.hpp"
#include "realtime/messages/viewers.hpp"
#include "realtime/protocol/entity_ref.hpp"

namespace togglecast::realtime {

class ClusterPresence {
 public:
  static constexpr std::size_t kMostEntities = 1'000;  ///< of one node
  static constexpr std::size_t kMostViewers = 100;     ///< of an entity at one node

  /// `changed`: other admins follow this entity elsewhere now. `nodes` null: there is no other node. The
  /// references must outlive it.
  using Changed = std::function<void(const EntityRef& entity)>;
  ClusterPresence(net::ShardPool& shards, nodes::Nodes* nodes, Changed changed);
  ClusterPresence(const ClusterPresence&) = delete;
  ClusterPresence& operator=(const ClusterPresence&) = delete;

  /// The admins that follow `entity` at this node.
  void set_own(const EntityRef& entity, const Viewers& viewers);
  /// Adds those of the other nodes.
  void add_others(const EntityRef& entity, Viewers& viewers) const;

 private:
  using List = std::map<EntityRef, Viewers>;

  void tell();
  void take(const std::string& node, List list);
  void replace(List& before, List after);
  /// Drops the lists of nodes that are gone.
  void expire();

  net::ShardPool& shards_;
  nodes::Nodes* nodes_;
  Changed changed_;
  List own_;
  std::map<std::string, List> others_;  // by node
  net::CallbackTimer timer_;
};

[[nodiscard]] json::object to_wire(const std::map<EntityRef, Viewers>& list, std::size_t most_entities,
                                   std::size_t most_viewers);
/// Leaves out what it cannot read.
[[nodiscard]] std::map<EntityRef, Viewers> presence_in(const json::object& body);

}  // namespace togglecast::realtime
