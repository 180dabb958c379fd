#include "realtime/messages/message_dispatcher.hpp"

#include <numeric>
#include <utility>

#include "delivery/collect.hpp"
#include "realtime/protocol/events.hpp"
#include "realtime/protocol/packets.hpp"

namespace togglecast::realtime {
namespace {

using domain::Kind;
using service::Audience;
using service::SendDone;
using service::SendResult;

constexpr std::size_t kMessageIdBytes = 15;

MessagePackets packets_of(std::string_view event, const json::object& payload) {
  return {plain_packet(event::kAdmin, event, payload), plain_packet(event::kClient, event, payload)};
}

Result<void> exists(const domain::Snapshot& state, Kind kind, domain::Id id) {
  if (!state.body(kind, id).is_null()) return {};
  return fail(Errc::not_found,
              "there is no " + std::string(domain::to_string(kind)) + " " + std::to_string(id));
}

}  // namespace

MessageDispatcher::MessageDispatcher(net::ShardPool& shards, const AllShardMessages& messages,
                                     const AllShardMailboxes& mailboxes,
                                     const delivery::ShardDeliveries& deliveries,
                                     const changes::ReadModel& model, service::Mailbox& mailbox,
                                     const Options& options, const Clock& clock, observe::Metrics& metrics)
    : shards_(shards),
      messages_(messages),
      mailboxes_(mailboxes),
      deliveries_(deliveries),
      model_(model),
      mailbox_(mailbox),
      clock_(clock),
      began_(clock.wall_now()),
      announcing_(options.announcements, "announcements"),
      limited_(metrics.counter("togglecast_realtime_announcements_limited_total",
                               "Announcements refused because an admin sent too many.")) {}

Result<domain::SnapshotPtr> MessageDispatcher::allowed(const service::Principal& who,
                                                       const Audience& audience) const {
  if (auto ok = service::require(who, auth::Action::send_messages); !ok) return tl::unexpected(ok.error());
  auto state = model_.current(who.environment);
  if (state == nullptr) return fail(Errc::not_found, "there is no such environment");
  Result<void> known;
  if (audience.kind == Audience::Kind::client) known = exists(*state, Kind::client, audience.id);
  if (audience.kind == Audience::Kind::package) known = exists(*state, Kind::package, audience.id);
  if (!known) return tl::unexpected(known.error());
  return state;
}

void MessageDispatcher::on_all(const domain::SnapshotPtr& state, SendResult told, const Tell& tell,
                               SendDone done) {
  count_on_all(
      state, std::move(told),
      [this, tell](const net::Shard& shard) { return tell(*messages_[shard.index()]); }, std::move(done));
}

void MessageDispatcher::count_on_all(const domain::SnapshotPtr& state, SendResult told, const Count& count,
                                     SendDone done) {
  delivery::collect_from_shards<std::size_t>(
      shards_,
      [this, state, count](net::Shard& shard, std::function<void(std::size_t)> answer) {
        deliveries_[shard.index()]->when_reached(
            state->environment(), state->revision(),
            [&shard, count, answer = std::move(answer)] { answer(count(shard)); });
      },
      [told = std::move(told), done = std::move(done)](const std::vector<std::size_t>& counts) mutable {
        told.connections = std::accumulate(counts.begin(), counts.end(), std::size_t{0});
        done(std::move(told));
      });
}

json::object MessageDispatcher::payload_of(const service::Message& message, const std::string& id) const {
  json::object payload{{"id", id},
                       {"title", message.title},
                       {"message", message.message},
                       {"level", service::to_string(message.level)},
                       {"timestamp", to_iso8601(clock_.wall_now())}};
  if (message.data) payload["data"] = *message.data;
  return payload;
}

void MessageDispatcher::keep(const service::Principal& who, const domain::SnapshotPtr& state,
                             std::string_view event, const service::Receivers& to,
                             const service::Message& message, const SendDone& done) {
  storage::NewMessage kept;
  storage::MessageRow& row = kept.row;
  row.at = clock_.wall_now();
  const auto expires_at = service::expiry_of(*message.ack, row.at);
  if (!expires_at) return done(tl::unexpected(expires_at.error()));
  row.environment = who.environment;
  row.id = random_token(random_, kMessageIdBytes);
  row.event = event;
  row.audience = json::canonical(service::to_json(to));
  json::object payload = payload_of(message, row.id);
  payload["ack"] = service::to_string(message.ack->by);
  payload["expires_at"] = to_iso8601(*expires_at);
  row.payload = json::serialize(payload);
  row.ack = service::to_string(message.ack->by);
  row.retry = Milliseconds(message.ack->retry).count();
  row.sender = json::serialize(
      json::object{{"kind", service::to_string(who.kind)}, {"id", who.id}, {"name", who.name}});
  row.expires_at = *expires_at;
  kept.one_receiver = to.one();
  kept.idempotency = message.idempotency;
  count_on_all(
      state, {},
      [this, environment = who.environment, to](const net::Shard& shard) {
        return mailboxes_[shard.index()]->count(environment, to);
      },
      [this, kept = std::move(kept), done](const Result<SendResult>& counted) mutable {
        if (!counted) return done(tl::unexpected(counted.error()));
        kept.row.addressed = static_cast<std::int64_t>(counted->connections);
        mailbox_.keep(std::move(kept), [done](Result<storage::AddedMessage> added) {
          if (!added) return done(tl::unexpected(added.error()));
          done(SendResult{added->row.id, 0, static_cast<std::size_t>(added->row.addressed), added->replayed});
        });
      });
}

void MessageDispatcher::open_deliveries(const std::string& environment, const std::string& id,
                                        OpenDone done) {
  delivery::collect_from_shards<std::vector<service::OpenDelivery>>(
      shards_,
      [this, environment, id](net::Shard& shard,
                              const std::function<void(std::vector<service::OpenDelivery>)>& answer) {
        answer(mailboxes_[shard.index()]->open(environment, id));
      },
      [done = std::move(done)](std::vector<std::vector<service::OpenDelivery>> parts) {
        std::vector<service::OpenDelivery> all;
        for (auto& part : parts) all.insert(all.end(), part.begin(), part.end());
        done(std::move(all));
      });
}

void MessageDispatcher::send_again(const service::Principal& who, Kind kind, domain::Id id, SendDone done) {
  const auto state = allowed(who);
  if (!state) return done(tl::unexpected(state.error()));
  if (auto found = exists(**state, kind, id); !found) return done(tl::unexpected(found.error()));
  SendResult told;
  told.revision = (*state)->revision();
  on_all(
      *state, std::move(told),
      [entity = EntityRef{who.environment, kind, id}](ShardMessages& messages) {
        return messages.send_entity(entity);
      },
      std::move(done));
}

void MessageDispatcher::broadcast_platform_update(const service::Principal& who, domain::Id id,
                                                  SendDone done) {
  send_again(who, Kind::platform, id, std::move(done));
}

void MessageDispatcher::broadcast_feature_update(const service::Principal& who, domain::Id id,
                                                 SendDone done) {
  send_again(who, Kind::feature, id, std::move(done));
}

void MessageDispatcher::broadcast_package_update(const service::Principal& who, domain::Id id,
                                                 SendDone done) {
  send_again(who, Kind::package, id, std::move(done));
}

void MessageDispatcher::broadcast_config_sync(const service::Principal& who, const service::ConfigSync& sync,
                                              SendDone done) {
  const auto state = allowed(who, sync.audience);
  if (!state) return done(tl::unexpected(state.error()));
  SendResult told;
  told.revision = (*state)->revision();
  on_all(
      *state, std::move(told),
      [environment = who.environment, sync](ShardMessages& messages) {
        return messages.sync(environment, sync);
      },
      std::move(done));
}

void MessageDispatcher::send_admin_notification(const service::Principal& who,
                                                const service::AdminNotification& notification,
                                                SendDone done) {
  const auto state = allowed(who);
  if (!state) return done(tl::unexpected(state.error()));
  if (notification.message.ack)
    return keep(who, *state, event::kAdminNotification,
                {{Audience::Kind::admins, 0}, notification.admin, notification.role}, notification.message,
                done);
  SendResult told;
  told.id = random_token(random_, kMessageIdBytes);
  const auto packet =
      plain_packet(event::kAdmin, event::kAdminNotification, payload_of(notification.message, told.id));
  on_all(
      *state, std::move(told),
      [packet, admin = notification.admin, role = notification.role,
       environment = who.environment](ShardMessages& messages) {
        const auto chosen = [&](const SocketSubscriber& subscriber) {
          return (admin == 0 || subscriber.who.id == admin) && (!role || subscriber.role() == *role);
        };
        return messages.tell_admins(environment, chosen, packet);
      },
      std::move(done));
}

void MessageDispatcher::send_client_notification(const service::Principal& who,
                                                 const service::ClientNotification& notification,
                                                 SendDone done) {
  const auto state = allowed(who, {Audience::Kind::client, notification.client});
  if (!state) return done(tl::unexpected(state.error()));
  if (notification.message.ack)
    return keep(who, *state, event::kClientNotification, {{Audience::Kind::client, notification.client}},
                notification.message, done);
  SendResult told;
  told.id = random_token(random_, kMessageIdBytes);
  const auto packets = packets_of(event::kClientNotification, payload_of(notification.message, told.id));
  on_all(
      *state, std::move(told),
      [packets, environment = who.environment,
       audience = Audience{Audience::Kind::client, notification.client}](ShardMessages& messages) {
        return messages.tell(environment, audience, packets);
      },
      std::move(done));
}

void MessageDispatcher::broadcast_system_status(const service::Principal& who, service::SystemStatus status,
                                                SendDone done) {
  const auto state = allowed(who);
  if (!state) return done(tl::unexpected(state.error()));
  status.at = clock_.wall_now();
  const auto packets = packets_of(event::kSystemStatus, service::to_json(status));
  const bool keep = status.status != service::SystemStatus::Value::ok;
  // Posted under the lock: what is kept here and on each shard is the same one of two at once.
  const std::scoped_lock lock(mutex_);
  status_[who.environment] = std::move(status);
  on_all(
      *state, SendResult{},
      [environment = who.environment, keep, packets](ShardMessages& messages) {
        return messages.set_status(environment, keep, packets);
      },
      std::move(done));
}

void MessageDispatcher::broadcast_announcement(const service::Principal& who,
                                               const service::Announcement& announcement, SendDone done) {
  const auto state = allowed(who, announcement.audience);
  if (!state) return done(tl::unexpected(state.error()));
  if (auto turn = announcing_.take(who.id, clock_.now()); !turn) {
    limited_.add();
    return done(tl::unexpected(turn.error()));
  }
  if (announcement.message.ack)
    return keep(who, *state, event::kAnnouncement, {announcement.audience}, announcement.message, done);
  SendResult told;
  told.id = random_token(random_, kMessageIdBytes);
  const auto packets = packets_of(event::kAnnouncement, payload_of(announcement.message, told.id));
  on_all(
      *state, std::move(told),
      [environment = who.environment, audience = announcement.audience, packets](ShardMessages& messages) {
        return messages.tell(environment, audience, packets);
      },
      std::move(done));
}

service::SystemStatus MessageDispatcher::status(std::string_view environment) const {
  const std::scoped_lock lock(mutex_);
  const auto found = status_.find(environment);
  if (found != status_.end()) return found->second;
  service::SystemStatus well;
  well.at = began_;
  return well;
}

}  // namespace togglecast::realtime
