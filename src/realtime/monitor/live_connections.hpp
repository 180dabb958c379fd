// The live connections of all nodes, page by page. A shard looks at its connections in slices, and keeps no
// more of them than a page. See docs/decisions/0071.
//
//   topic connections      a question: the connections that match, from a place on
//   topic end_connection   a question: end the connection with this id
//
// Thread rule: any thread while the shards run.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "delivery/shard_delivery.hpp"
#include "net/shard_pool.hpp"
#include "nodes/nodes.hpp"
#include "observe/peer_log.hpp"
#include "realtime/monitor/connection_rows.hpp"
#include "service/cluster/connection_list.hpp"
#include "socketio/server.hpp"

namespace togglecast::realtime {

class LiveConnections final : public service::ConnectionList {
 public:
  /// `nodes` null: there is no other node. All must outlive it.
  LiveConnections(net::ShardPool& shards, socketio::Server& io, const delivery::ShardDeliveries& deliveries,
                  const SdkNames& sdks, observe::PeerLog log, nodes::Nodes* nodes);
  LiveConnections(const LiveConnections&) = delete;
  LiveConnections& operator=(const LiveConnections&) = delete;
  ~LiveConnections() override = default;

  void list(const service::Principal& who, const service::ConnectionQuery& query,
            std::function<void(Result<json::object>)> done) override;
  void end(const service::Principal& who, const std::string& id,
           std::function<void(Result<void>)> done) override;

 private:
  struct Walk;
  enum class Ended : std::uint8_t { unknown, ended, forbidden };
  /// Who asks for the end of a connection.
  struct Order {
    std::string environment;
    std::string id;
    std::string by;
    bool of_admins = false;  ///< may end those of admins
  };

  static void go_on(const std::shared_ptr<Walk>& walk);
  /// Of this node alone.
  void find_here(const std::string& environment, const service::ConnectionQuery& query,
                 std::optional<RowPlace> after, std::function<void(FirstRows)> done) const;
  void end_here(const Order& order, std::function<void(Ended)> done) const;
  [[nodiscard]] Ended end_on(net::Shard& shard, const Order& order) const;
  [[nodiscard]] bool is_meant(const std::string& node) const;
  void answer_others();

  net::ShardPool& shards_;
  socketio::Server& io_;
  const delivery::ShardDeliveries& deliveries_;
  const SdkNames& sdks_;
  observe::PeerLog log_;
  nodes::Nodes* nodes_;
};

}  // namespace togglecast::realtime
