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
                                     const delivery::ShardDeliveries& deliveries,
                                     const changes::ReadModel& model, const Options& options,
                                     const Clock& clock, observe::Metrics& metrics)
    : shards_(shards),
      messages_(messages),
      deliveries_(deliveries),
      model_(model),
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
  delivery::collect_from_shards<std::size_t>(
      shards_,
      [this, state, tell](net::Shard& shard, std::function<void(std::size_t)> answer) {
        deliveries_[shard.index()]->when_reached(state->environment(), state->revision(),
                                                 [&messages = *messages_[shard.index()], tell,
                                                  answer = std::move(answer)] { answer(tell(messages)); });
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
