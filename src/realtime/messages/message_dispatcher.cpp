#include "realtime/messages/message_dispatcher.hpp"

#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <utility>

#include "delivery/collect.hpp"
#include "realtime/protocol/events.hpp"
#include "realtime/protocol/packets.hpp"
#include "service/accounts/log_field.hpp"

namespace togglecast::realtime {
namespace {

using domain::Kind;
using service::Audience;
using service::SendDone;
using service::SendResult;

constexpr std::size_t kMessageIdBytes = 15;
// For the state that the sender has, which another node may not have yet.
constexpr Milliseconds kLongestWait{1'000};

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
                                     const Options& options, const Clock& clock, observe::PeerLog log,
                                     observe::Metrics& metrics, nodes::Nodes* nodes)
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
                               "Announcements refused because an admin sent too many.")),
      log_(log),
      nodes_(nodes) {
  if (nodes_ == nullptr) return;
  answer_others(*nodes_);
  nodes_->limits().share(announcing_);
}

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

void MessageDispatcher::perform(const Order& order, SendResult told, SendDone done) {
  struct Sum {
    Sum(SendResult first, SendDone then) : told(std::move(first)), done(std::move(then)) {}
    void add(std::size_t connections, const nodes::Courier::Answers& others = {}) {
      {
        const std::scoped_lock lock(mutex);
        told.connections += connections;
        told.nodes += others.from.size();
        told.missing_nodes.insert(told.missing_nodes.end(), others.missing.begin(), others.missing.end());
        if (--parts != 0) return;
      }
      done(std::move(told));
    }
    std::mutex mutex;
    int parts = 2;  // this node and the others
    SendResult told;
    SendDone done;
  };
  auto sum = std::make_shared<Sum>(std::move(told), std::move(done));
  if (nodes_ == nullptr) {
    sum->parts = 1;
  } else if (nodes_->others().empty()) {
    sum->parts = 1;
    // One that was not heard yet may be there.
    if (order.kind != Order::Kind::count) nodes_->courier().tell("messages", to_json(order));
  } else {
    nodes_->ask_others("messages", to_json(order), [sum](const nodes::Courier::Answers& answers) {
      std::size_t connections = 0;
      for (const auto& [node, body] : answers.from)
        if (const auto* count = body.if_contains("connections"))
          connections +=
              static_cast<std::size_t>(std::max<std::int64_t>(0, domain::integer_in(*count).value_or(0)));
      sum->add(connections, answers);
    });
  }
  perform_here(order, std::nullopt, [sum](std::size_t connections) { sum->add(connections); });
}

void MessageDispatcher::perform_here(const Order& order, std::optional<Milliseconds> longest, Counted done) {
  const auto on_all = [&](auto tell) {
    count_on_all(
        order.environment, order.revision, longest,
        [this, tell = std::move(tell)](const net::Shard& shard) { return tell(*messages_[shard.index()]); },
        std::move(done));
  };
  switch (order.kind) {
    case Order::Kind::tell: {
      const auto packets = packets_of(order.event, order.payload);
      if (order.to.audience.kind != Audience::Kind::admins)
        return on_all([environment = order.environment, to = order.to, packets](ShardMessages& messages) {
          return messages.tell(environment, to.audience, packets);
        });
      return on_all([environment = order.environment, to = order.to, packets](ShardMessages& messages) {
        const auto chosen = [&to](const SocketSubscriber& subscriber) {
          if (subscriber.is_machine()) return to.has_all_admins();
          return to.has_admin(subscriber.who.id, subscriber.role().here());
        };
        return messages.tell_admins(environment, chosen, packets.for_admins);
      });
    }
    case Order::Kind::entity:
      return on_all([entity = EntityRef{order.environment, order.entity, order.id}](ShardMessages& messages) {
        return messages.send_entity(entity);
      });
    case Order::Kind::sync:
      return on_all([environment = order.environment,
                     sync = service::ConfigSync{order.reason, order.to.audience}](ShardMessages& messages) {
        return messages.sync(environment, sync);
      });
    case Order::Kind::status: {
      const auto status = status_in(order.payload);
      if (!status || !take_status(order.environment, *status, done)) done(0);
      return;
    }
    case Order::Kind::count:
      return count_on_all(
          order.environment, order.revision, longest,
          [this, environment = order.environment, to = order.to](const net::Shard& shard) {
            return mailboxes_[shard.index()]->count(environment, to);
          },
          std::move(done));
  }
}

void MessageDispatcher::count_on_all(const std::string& environment, domain::Revision revision,
                                     std::optional<Milliseconds> longest, const Count& count, Counted done) {
  delivery::collect_from_shards<std::size_t>(
      shards_,
      [this, environment, revision, longest, count](net::Shard& shard,
                                                    std::function<void(std::size_t)> answer) {
        auto& delivery = *deliveries_[shard.index()];
        auto task = [&shard, &delivery, environment, count, answer = std::move(answer)] {
          answer(delivery.current(environment) == nullptr ? 0 : count(shard));
        };
        if (longest) return delivery.when_reached(environment, revision, *longest, std::move(task));
        delivery.when_reached(environment, revision, std::move(task));
      },
      [done = std::move(done)](const std::vector<std::size_t>& counts) {
        done(std::accumulate(counts.begin(), counts.end(), std::size_t{0}));
      });
}

void MessageDispatcher::answer_others(nodes::Nodes& nodes) {
  nodes.courier().answer("messages",
                         [this](const json::object& question, const nodes::Courier::Answer& answer) {
                           const auto order = read_order(question);
                           if (!order)
                             throw std::invalid_argument(order.error().message);  // the courier counts it
                           if (model_.current(order->environment) == nullptr)
                             return answer({{"connections", 0}});
                           perform_here(*order, kLongestWait, [answer](std::size_t connections) {
                             answer({{"connections", connections}});
                           });
                         });
  nodes.courier().answer(
      "status", [this](const json::object& question, const nodes::Courier::Answer& answer) {
        const std::string environment(json::string_or_empty(json::value(question), "environment"));
        if (status_at(environment).value == 0) return answer({});
        answer(service::to_json(status(environment)));
      });
  nodes.watch([this](const std::string& node, const nodes::Beacon& beacon) { fetch_status(node, beacon); });
}

void MessageDispatcher::fetch_status(const std::string& node, const nodes::Beacon& beacon) {
  for (const auto& [environment, one] : beacon.environments) {
    if (one.status_at <= status_at(environment) || model_.current(environment) == nullptr) continue;
    {
      const std::scoped_lock lock(mutex_);
      if (!fetching_.insert(environment).second) continue;
    }
    nodes_->courier().ask("status", {{"environment", environment}}, {node}, nodes_->options().answer_within,
                          [this, environment = environment](const nodes::Courier::Answers& answers) {
                            {
                              const std::scoped_lock lock(mutex_);
                              fetching_.erase(environment);
                            }
                            for (const auto& [from, body] : answers.from)
                              if (const auto status = status_in(body))
                                (void)take_status(environment, *status, [](std::size_t) {});
                          });
  }
}

bool MessageDispatcher::take_status(const std::string& environment, const service::SystemStatus& status,
                                    Counted done) {
  const auto packets = packets_of(event::kSystemStatus, service::to_json(status));
  const bool keep = status.status != service::SystemStatus::Value::ok;
  const auto state = model_.current(environment);
  if (state == nullptr) return false;
  // Posted under the lock: what is kept here and on each shard is the same one of two at once.
  const std::scoped_lock lock(mutex_);
  const auto known = status_.find(environment);
  if (known != status_.end() && known->second.at >= status.at) return false;
  status_[environment] = status;
  count_on_all(
      environment, state->revision(), std::nullopt,
      [this, environment, keep, packets](const net::Shard& shard) {
        return messages_[shard.index()]->set_status(environment, keep, packets);
      },
      std::move(done));
  return true;
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
  perform(
      {.kind = Order::Kind::count, .environment = who.environment, .revision = state->revision(), .to = to},
      {}, [this, kept = std::move(kept), done](Result<SendResult> counted) mutable {
        if (!counted) return done(tl::unexpected(counted.error()));
        kept.row.addressed = static_cast<std::int64_t>(counted->connections);
        mailbox_.keep(std::move(kept), [this, counted = *std::move(counted),
                                        done](Result<storage::AddedMessage> added) mutable {
          if (!added) return done(tl::unexpected(added.error()));
          if (nodes_ != nullptr) nodes_->wake_others();
          counted.id = added->row.id;
          counted.connections = static_cast<std::size_t>(added->row.addressed);
          counted.replayed = added->replayed;
          done(std::move(counted));
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
  perform({.kind = Order::Kind::entity,
           .environment = who.environment,
           .revision = told.revision,
           .entity = kind,
           .id = id},
          told, std::move(done));
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
  perform({.kind = Order::Kind::sync,
           .environment = who.environment,
           .revision = told.revision,
           .to = {sync.audience},
           .reason = sync.reason},
          told, std::move(done));
}

void MessageDispatcher::tell(const service::Principal& who, const domain::SnapshotPtr& state,
                             std::string_view event, const service::Receivers& to,
                             const service::Message& message, SendDone done) {
  if (message.ack) return keep(who, state, event, to, message, done);
  SendResult told;
  told.id = random_token(random_, kMessageIdBytes);
  perform({.kind = Order::Kind::tell,
           .environment = who.environment,
           .revision = state->revision(),
           .to = to,
           .event = std::string(event),
           .payload = payload_of(message, told.id)},
          told, std::move(done));
}

void MessageDispatcher::send_admin_notification(const service::Principal& who,
                                                const service::AdminNotification& notification,
                                                SendDone done) {
  const auto state = allowed(who);
  if (!state) return done(tl::unexpected(state.error()));
  tell(who, *state, event::kAdminNotification,
       {{Audience::Kind::admins, 0}, notification.admin, notification.role}, notification.message,
       std::move(done));
}

void MessageDispatcher::send_client_notification(const service::Principal& who,
                                                 const service::ClientNotification& notification,
                                                 SendDone done) {
  const auto state = allowed(who, {Audience::Kind::client, notification.client});
  if (!state) return done(tl::unexpected(state.error()));
  tell(who, *state, event::kClientNotification, {{Audience::Kind::client, notification.client}},
       notification.message, std::move(done));
}

void MessageDispatcher::broadcast_system_status(const service::Principal& who, service::SystemStatus status,
                                                SendDone done) {
  const auto state = allowed(who);
  if (!state) return done(tl::unexpected(state.error()));
  // The newer one of two counts, on every node.
  status.at = {std::max(clock_.wall_now().value, status_at(who.environment).value + 1)};
  perform({.kind = Order::Kind::status,
           .environment = who.environment,
           .revision = (*state)->revision(),
           .payload = service::to_json(status)},
          {}, std::move(done));
}

void MessageDispatcher::broadcast_announcement(const service::Principal& who,
                                               const service::Announcement& announcement, SendDone done) {
  const auto state = allowed(who, announcement.audience);
  if (!state) return done(tl::unexpected(state.error()));
  if (auto turn = announcing_.take(who.limit_key(), clock_.now()); !turn) {
    limited_.add();
    log_.limit("--announcement-rate", service::log_field(who));
    return done(tl::unexpected(turn.error()));
  }
  tell(who, *state, event::kAnnouncement, {announcement.audience}, announcement.message, std::move(done));
}

UnixMillis MessageDispatcher::status_at(std::string_view environment) const {
  const std::scoped_lock lock(mutex_);
  const auto found = status_.find(environment);
  return found == status_.end() ? UnixMillis{} : found->second.at;
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
