// One shard's part of everything that is sent beside the ordinary updates: messages to an audience, the
// system's status, the activity of each commit, stored entities once more, full states. Thread rule: its
// shard.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "changes/feed.hpp"
#include "delivery/shard_delivery.hpp"
#include "realtime/messages/sliced_sender.hpp"
#include "realtime/messages/viewers.hpp"
#include "realtime/protocol/entity_ref.hpp"
#include "realtime/session/options.hpp"
#include "realtime/session/socket_subscriber.hpp"
#include "service/messages/message_sender.hpp"

namespace togglecast::realtime {

/// The same event for both namespaces, encoded once.
struct MessagePackets {
  socketio::EncodedPacket for_admins;
  socketio::EncodedPacket for_clients;
};

class ShardMessages {
 public:
  using Chosen = std::function<bool(const SocketSubscriber&)>;

  ShardMessages(net::Shard& shard, socketio::Namespace& admins, delivery::ShardDelivery& delivery,
                const Options& options, observe::Counter& messages);
  ShardMessages(const ShardMessages&) = delete;
  ShardMessages& operator=(const ShardMessages&) = delete;

  // Each answers how many connections were addressed.
  std::size_t tell(const std::string& environment, const service::Audience& audience,
                   const MessagePackets& packets);
  /// The admins of an environment for which `chosen` is true.
  std::size_t tell_admins(const std::string& environment, const Chosen& chosen,
                          const socketio::EncodedPacket& packet);
  /// The admins that follow this entity and may still read it.
  std::size_t tell_followers(const EntityRef& entity, const socketio::EncodedPacket& packet);
  /// Sends it now, and to each connection that logs in from now on unless it is `ok`.
  std::size_t set_status(const std::string& environment, bool keep, const MessagePackets& packets);
  /// The stored entity at `current`: to admins as it is, to each client that sees it as it sees it.
  std::size_t send_entity(const EntityRef& entity);
  std::size_t sync(const std::string& environment, const service::ConfigSync& sync);

  /// A connection was just admitted, and has been told its state.
  void welcome(const SocketSubscriber& subscriber);
  /// After the delivery. A commit that comes twice is told once.
  void on_commit(const changes::Commit& commit);
  /// After the delivery: the environment begins again with this state. Its clients get the whole state, and
  /// its admins hear that they have to read it again; of `system`, all admins.
  void on_new_epoch(const domain::Snapshot& first);
  /// The admins that follow this entity.
  [[nodiscard]] Viewers followers(const EntityRef& entity);

 private:
  using Visit = std::function<void(SocketSubscriber&)>;
  // What was encoded for others, by encoder, revision, whether it carries the offset, and what is seen.
  using Known = std::map<std::tuple<const delivery::BatchEncoder*, domain::Revision, bool, std::string>,
                         std::unique_ptr<const delivery::EncodedBatch>>;

  void each(const std::string& environment, delivery::SubscriberIndex::Scope scope, domain::Id id,
            const Visit& visit);
  void each_client_of(const std::string& environment, const service::Audience& audience, const Visit& visit);
  void each_follower(const EntityRef& entity, const Visit& visit);
  bool tell_one(const SocketSubscriber& subscriber, const socketio::EncodedPacket& packet);
  class Answer;
  using KnownPtr = std::shared_ptr<Known>;
  /// False: too many answers are being worked out.
  bool send_entity_to(SocketSubscriber& subscriber, const EntityRef& entity, const KnownPtr& known);
  void send_entity_later(std::weak_ptr<socketio::Socket> to, const EntityRef& entity, const KnownPtr& known);
  void send_data(SocketSubscriber& subscriber, const EntityRef& entity, const domain::SnapshotPtr& state,
                 json::value data, Known& known);
  void send_new_epoch(const std::string& environment);
  /// Gives a fresh offset to connections whose last one will soon be out of reach.
  void refresh_offsets(const std::string& environment);
  void refresh_offset(SocketSubscriber& subscriber);

  net::Shard& shard_;
  socketio::Namespace& admins_;
  delivery::ShardDelivery& delivery_;
  const Options& options_;
  observe::Counter& messages_;
  SlicedSender sender_;
  std::map<std::string, MessagePackets, std::less<>> status_;           // by environment, unless it is ok
  std::map<std::string, domain::Revision, std::less<>> activity_told_;  // by environment
  std::map<std::string, domain::Revision, std::less<>> refreshed_;      // by environment: offsets up to there
};

/// One for each shard, by its index.
using AllShardMessages = std::vector<std::unique_ptr<ShardMessages>>;

}  // namespace togglecast::realtime
