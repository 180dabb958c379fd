// Messages that an admin sends, to connections on all shards of all nodes: implements
// `service::MessageSender` with the ShardMessages of each shard. The other nodes get the call as an `Order`
// over the bus, and answer how many connections they addressed. A message that waits for acknowledgements
// lies in the store, and the bus only wakes them.
//
//   topic messages   a question: an order
//   topic status     a question: the system's status of an environment, for a node that missed it
//
// Thread rule: any thread while the shards run.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.hpp"
#include "changes/read_model.hpp"
#include "net/shard_pool.hpp"
#include "nodes/nodes.hpp"
#include "observe/metrics.hpp"
#include "observe/peer_log.hpp"
#include "realtime/messages/order.hpp"
#include "realtime/messages/shard_mailbox.hpp"
#include "realtime/messages/shard_messages.hpp"
#include "service/accounts/admin_rates.hpp"
#include "service/messages/message_sender.hpp"

namespace togglecast::realtime {

class MessageDispatcher final : public service::MessageSender {
 public:
  /// `nodes`: null when there is no other one.
  MessageDispatcher(net::ShardPool& shards, const AllShardMessages& messages,
                    const AllShardMailboxes& mailboxes, const delivery::ShardDeliveries& deliveries,
                    const changes::ReadModel& model, service::Mailbox& mailbox, const Options& options,
                    const Clock& clock, observe::PeerLog log, observe::Metrics& metrics,
                    nodes::Nodes* nodes = nullptr);

  void broadcast_platform_update(const service::Principal& who, domain::Id id,
                                 service::SendDone done) override;
  void broadcast_feature_update(const service::Principal& who, domain::Id id,
                                service::SendDone done) override;
  void broadcast_package_update(const service::Principal& who, domain::Id id,
                                service::SendDone done) override;
  void broadcast_config_sync(const service::Principal& who, const service::ConfigSync& sync,
                             service::SendDone done) override;
  void send_admin_notification(const service::Principal& who, const service::AdminNotification& notification,
                               service::SendDone done) override;
  void send_client_notification(const service::Principal& who,
                                const service::ClientNotification& notification,
                                service::SendDone done) override;
  void broadcast_system_status(const service::Principal& who, service::SystemStatus status,
                               service::SendDone done) override;
  void broadcast_announcement(const service::Principal& who, const service::Announcement& announcement,
                              service::SendDone done) override;

  void open_deliveries(const std::string& environment, const std::string& id, OpenDone done) override;

  /// The last one sent in this environment; `ok` since the start before the first.
  [[nodiscard]] service::SystemStatus status(std::string_view environment) const;
  /// When it was sent; 0: none was.
  [[nodiscard]] UnixMillis status_at(std::string_view environment) const;

 private:
  using Count = std::function<std::size_t(const net::Shard&)>;
  using Counted = std::function<void(std::size_t connections)>;

  /// Carries the order out on all nodes, and adds up the connections.
  void perform(const Order& order, service::SendResult told, service::SendDone done);
  /// On this one; `longest` as below.
  void perform_here(const Order& order, std::optional<Milliseconds> longest, Counted done);
  /// On every shard, once it has reached the revision, or at the latest after `longest`, if given.
  void count_on_all(const std::string& environment, domain::Revision revision,
                    std::optional<Milliseconds> longest, const Count& count, Counted done);
  void answer_others(nodes::Nodes& nodes);
  /// False for one that is not newer than what this node knows.
  bool take_status(const std::string& environment, const service::SystemStatus& status, Counted done);
  /// Asks a node that knows a newer status.
  void fetch_status(const std::string& node, const nodes::Beacon& beacon);
  /// Keeps a message that wants an acknowledgement; the mailbox has it sent.
  void keep(const service::Principal& who, const domain::SnapshotPtr& state, std::string_view event,
            const service::Receivers& to, const service::Message& message, const service::SendDone& done);
  /// Sends it, or keeps it if it wants an acknowledgement.
  void tell(const service::Principal& who, const domain::SnapshotPtr& state, std::string_view event,
            const service::Receivers& to, const service::Message& message, service::SendDone done);
  void send_again(const service::Principal& who, domain::Kind kind, domain::Id id, service::SendDone done);
  /// The newest state, when `who` may send and the audience exists there.
  [[nodiscard]] Result<domain::SnapshotPtr> allowed(const service::Principal& who,
                                                    const service::Audience& audience = {}) const;
  [[nodiscard]] json::object payload_of(const service::Message& message, const std::string& id) const;

  net::ShardPool& shards_;
  const AllShardMessages& messages_;
  const AllShardMailboxes& mailboxes_;
  const delivery::ShardDeliveries& deliveries_;
  const changes::ReadModel& model_;
  service::Mailbox& mailbox_;
  const Clock& clock_;
  SystemRandom random_;
  const UnixMillis began_;
  service::AdminRates announcing_;
  observe::Counter& limited_;
  observe::PeerLog log_;

  nodes::Nodes* nodes_;

  mutable std::mutex mutex_;  // for what follows
  std::map<std::string, service::SystemStatus, std::less<>> status_;
  std::set<std::string, std::less<>> fetching_;  // environments whose status was asked for
};

}  // namespace togglecast::realtime
