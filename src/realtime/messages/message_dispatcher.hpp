// Messages that an admin sends, to connections on all shards: implements `service::MessageSender` with the
// ShardMessages of each shard. Thread rule: any thread while the shards run.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.hpp"
#include "changes/read_model.hpp"
#include "net/shard_pool.hpp"
#include "observe/metrics.hpp"
#include "realtime/messages/shard_mailbox.hpp"
#include "realtime/messages/shard_messages.hpp"
#include "service/accounts/admin_rates.hpp"
#include "service/messages/message_sender.hpp"

namespace togglecast::realtime {

class MessageDispatcher final : public service::MessageSender {
 public:
  MessageDispatcher(net::ShardPool& shards, const AllShardMessages& messages,
                    const AllShardMailboxes& mailboxes, const delivery::ShardDeliveries& deliveries,
                    const changes::ReadModel& model, service::Mailbox& mailbox, const Options& options,
                    const Clock& clock, observe::Metrics& metrics);

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

 private:
  using Tell = std::function<std::size_t(ShardMessages&)>;
  using Count = std::function<std::size_t(const net::Shard&)>;

  /// Has every shard tell, once it has reached the newest state, and adds up who was addressed.
  void on_all(const domain::SnapshotPtr& state, service::SendResult told, const Tell& tell,
              service::SendDone done);
  /// The same with anything that a shard can count.
  void count_on_all(const domain::SnapshotPtr& state, service::SendResult told, const Count& count,
                    service::SendDone done);
  /// Keeps a message that wants an acknowledgement; the mailbox has it sent.
  void keep(const service::Principal& who, const domain::SnapshotPtr& state, std::string_view event,
            const service::Receivers& to, const service::Message& message, const service::SendDone& done);
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

  mutable std::mutex mutex_;  // for what follows
  std::map<std::string, service::SystemStatus, std::less<>> status_;
};

}  // namespace togglecast::realtime
