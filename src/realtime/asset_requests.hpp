// `asset_get {sha256}` on both namespaces: `{sha256, type, size, bytes}`, of an asset that the connection's
// view refers to. An asset that many fetch at once is framed once per shard, and all packets share the frame.
// Thread rule: the socket's shard.
#pragma once

#include <list>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/shared_bytes.hpp"
#include "net/shard_pool.hpp"
#include "observe/metrics.hpp"
#include "observe/peer_log.hpp"
#include "realtime/session/options.hpp"
#include "realtime/session/reply.hpp"
#include "realtime/session/socket_subscriber.hpp"
#include "service/assets/asset_service.hpp"

namespace togglecast::realtime {

/// The frames of one shard that were used last, within a bound of bytes.
class AssetFrames {
 public:
  explicit AssetFrames(std::size_t most_bytes) : most_bytes_(most_bytes) {}

  /// Null without it.
  [[nodiscard]] SharedBytes find(const std::string& key);
  void put(const std::string& key, const SharedBytes& frame);
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

 private:
  using Used = std::list<std::pair<std::string, SharedBytes>>;
  std::size_t most_bytes_;
  std::size_t bytes_ = 0;
  Used used_;  // the last one first
  std::unordered_map<std::string, Used::iterator> by_key_;
};

class AssetRequests {
 public:
  AssetRequests(net::ShardPool& shards, service::AssetService& assets, const Options& options,
                observe::PeerLog log, observe::Metrics& metrics);
  AssetRequests(const AssetRequests&) = delete;
  AssetRequests& operator=(const AssetRequests&) = delete;

  void answer(const socketio::Event& event, SocketSubscriber& subscriber, const Reply& reply);

 private:
  service::AssetService& assets_;
  const Options& options_;
  observe::PeerLog log_;
  std::vector<AssetFrames> frames_;  // by shard
  observe::Counter& limited_;
};

}  // namespace togglecast::realtime
