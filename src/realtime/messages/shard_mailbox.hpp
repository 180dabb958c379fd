// One shard's part of the messages that want an acknowledgement: which connections get them, and when again.
//
// The audience is asked when a message is sent: at its arrival, at a login, when a client moves into the
// package or an admin into the role, and before each repetition. For a connection that does not read, the
// message stays where it is, in the store: only its turn is put off.
//
// An acknowledgement is the one of Socket.IO or the event `message_ack`. It counts at once on this shard and
// goes to the mailbox, which writes it and tells the other shards and processes. Thread rule: its shard.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "changes/feed.hpp"
#include "delivery/shard_delivery.hpp"
#include "realtime/messages/inbox.hpp"
#include "realtime/messages/sliced_sender.hpp"
#include "realtime/session/options.hpp"
#include "realtime/session/reply.hpp"
#include "realtime/session/socket_subscriber.hpp"
#include "service/messages/mailbox.hpp"

namespace togglecast::realtime {

struct MailCounters {
  observe::Counter& sent;
  observe::Counter& repeated;
  observe::Counter& put_off;
};
[[nodiscard]] MailCounters mail_counters(observe::Metrics& metrics);

class ShardMailbox {
 public:
  ShardMailbox(net::Shard& shard, socketio::Server& io, delivery::ShardDelivery& delivery,
               service::Mailbox& mailbox, const Clock& clock, const Options& options,
               const MailCounters& counters);
  ShardMailbox(const ShardMailbox&) = delete;
  ShardMailbox& operator=(const ShardMailbox&) = delete;

  /// What the mailbox tells.
  void take(const service::MailNews& news);
  /// A connection was just admitted, and has been told its state.
  void welcome(SocketSubscriber& subscriber);
  /// It has taken all that was queued.
  void drained(SocketSubscriber& subscriber);
  /// It has left.
  void gone(const SocketSubscriber& subscriber);
  /// After the delivery.
  void on_commit(const changes::Commit& commit);
  /// `message_ack {id}`.
  void acknowledge(const socketio::Event& event, SocketSubscriber& subscriber, const Reply& reply);
  /// The connections of an audience.
  [[nodiscard]] std::size_t count(const std::string& environment, const service::Receivers& to);
  [[nodiscard]] std::vector<service::OpenDelivery> open(const std::string& environment,
                                                        const std::string& id) const;

 private:
  struct Alive {
    service::AliveMessagePtr message;
    std::vector<service::ReceiverId> acknowledged;  // sorted; only when one connection does it for all
    std::vector<service::ReceiverId> delivered;     // sorted; by this shard
    // Encoded once for each namespace, with an acknowledgement id of its own.
    std::optional<std::pair<socketio::EncodedPacket, std::uint64_t>> for_admins{}, for_clients{};
  };
  // The messages of one environment, and where to look for those of one client.
  struct Home {
    std::map<std::int64_t, Alive> alive;
    std::unordered_map<std::string, std::int64_t> by_id;
    std::unordered_map<domain::Id, std::vector<std::int64_t>> by_client, by_package;
    std::vector<std::int64_t> others;
  };
  struct Connection {
    std::weak_ptr<socketio::Socket> socket;
    Inbox inbox;
    std::optional<TimePoint> look_at{};  // it took nothing more: then again
  };
  using Visit = std::function<void(SocketSubscriber&)>;

  [[nodiscard]] static std::vector<std::int64_t>& index_of(Home& home, const service::AliveMessage& message);
  void add(const service::AliveMessagePtr& message);
  void end(const service::AliveMessage& message);
  [[nodiscard]] Home* home_of(const std::string& environment);
  [[nodiscard]] Alive* find(const std::string& environment, std::int64_t number);
  [[nodiscard]] bool concerns(const service::Receivers& to, const SocketSubscriber& subscriber);
  [[nodiscard]] bool has_acknowledged(const Alive& alive, const SocketSubscriber& subscriber) const;
  void each(const std::string& environment, const service::Receivers& to, const Visit& visit);
  void offer(SocketSubscriber& subscriber, std::int64_t number);
  /// Everything that is for this connection, in the order in which it was sent.
  void offer_all(SocketSubscriber& subscriber);
  [[nodiscard]] Connection& connection_of(SocketSubscriber& subscriber);
  /// Sends what was never sent, as far as the connection takes it.
  void send_new(SocketSubscriber& subscriber, Connection& connection);
  /// Sends it, or puts it off, or drops it.
  void attempt(SocketSubscriber& subscriber, Connection& connection, std::int64_t number);
  void send(SocketSubscriber& subscriber, Connection& connection, Alive& alive);
  void wait(const SocketSubscriber& subscriber, std::int64_t number, TimePoint until);
  [[nodiscard]] const std::pair<socketio::EncodedPacket, std::uint64_t>& packet_for(
      const SocketSubscriber& subscriber, Alive& alive);
  /// The receipts of an acknowledgement, after which the connection gets the message no more.
  [[nodiscard]] service::Mailbox::Receipts acknowledged(SocketSubscriber& subscriber, Alive& alive);
  /// `proven`: the change that the connection has received if it answers.
  void on_answer(const std::weak_ptr<socketio::Socket>& from, std::int64_t number, domain::Revision proven,
                 const Result<socketio::Arguments>& answer);
  void refill(SocketSubscriber& subscriber);
  void drop_for_client(const std::string& environment, std::int64_t number, domain::Id client);
  void tidy(const SocketSubscriber& subscriber);
  void offer_to_admin(domain::Id id);
  void record(service::Mailbox::Receipts receipts);
  void work();
  void arm();
  [[nodiscard]] double jitter();

  net::Shard& shard_;
  socketio::Namespace& admins_;
  socketio::Namespace& clients_;
  delivery::ShardDelivery& delivery_;
  service::Mailbox& mailbox_;
  const Clock& clock_;
  const Options& options_;
  MailCounters counters_;
  SlicedSender sender_;
  std::map<std::string, Home, std::less<>> homes_;
  std::unordered_map<const SocketSubscriber*, Connection> connections_;  // those with something open
  // Turns of messages; 0 in place of a number: of a connection that took nothing more. Those that were put
  // off stay and are passed over.
  std::multimap<TimePoint, std::pair<const SocketSubscriber*, std::int64_t>> due_;
  service::Mailbox::Receipts receipts_;  // of this turn
  net::CallbackTimer timer_;
};

/// One for each shard, by its index.
using AllShardMailboxes = std::vector<std::unique_ptr<ShardMailbox>>;

}  // namespace togglecast::realtime
