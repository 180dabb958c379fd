#include "realtime/messages/shard_messages.hpp"

#include <optional>
#include <utility>

#include "auth/roles.hpp"
#include "realtime/protocol/events.hpp"
#include "realtime/protocol/packets.hpp"
#include "realtime/session/bounded_send.hpp"
#include "service/history/activity.hpp"

namespace togglecast::realtime {

using delivery::SubscriberIndex;
using domain::Kind;
using service::Audience;
using socketio::EncodedPacket;
using Scope = SubscriberIndex::Scope;

namespace {

constexpr std::string_view kNewEpoch = "new_epoch";

// Revisions between two looks for old offsets.
constexpr domain::Revision kBetweenRefreshes = 64;

// Evaluations of views that may be under way on a shard when another one begins here.
constexpr std::size_t kManyEvaluations = 64;

// A platform or package as this subscriber sees it, or what an admin sees; null when it does not.
json::value seen_by(const SocketSubscriber& subscriber, const domain::Snapshot& state,
                    const EntityRef& entity) {
  if (subscriber.is_admin()) return state.body(entity.kind, entity.id);
  const auto client = state.find<domain::Client>(subscriber.who.id);
  if (client == nullptr) return nullptr;
  const domain::ClientView view(state, *client, subscriber.context().get());
  if (entity.kind == Kind::platform) return view.platform(entity.id);
  return client->package_id == entity.id ? view.package() : json::value(nullptr);
}

// One round for each audience.
std::string sync_of(const std::string& environment, const Audience& audience) {
  return "sync " + std::to_string(static_cast<int>(audience.kind)) + ' ' + std::to_string(audience.id) + ' ' +
         environment;
}

// The same question without evaluating anything.
bool sees(const SocketSubscriber& subscriber, const domain::Snapshot& state, const EntityRef& entity) {
  const auto client = state.find<domain::Client>(subscriber.who.id);
  if (client == nullptr) return false;
  const domain::ClientView view(state, *client, subscriber.context().get());
  if (entity.kind == Kind::platform) return view.sees_platform(entity.id);
  if (entity.kind == Kind::feature) return view.sees_feature(entity.id);
  return client->package_id == entity.id;
}

}  // namespace

ShardMessages::ShardMessages(net::Shard& shard, socketio::Namespace& admins,
                             delivery::ShardDelivery& delivery, const Options& options,
                             observe::Counter& messages)
    : shard_(shard),
      admins_(admins),
      delivery_(delivery),
      options_(options),
      messages_(messages),
      sender_(shard) {}

void ShardMessages::each(const std::string& environment, Scope scope, domain::Id id, const Visit& visit) {
  auto* home = delivery_.index().find(environment);
  if (home == nullptr) return;
  SubscriberIndex::for_each(*home, scope, id, [&visit](delivery::Subscriber& subscriber) {
    if (auto* connection = socket_subscriber(subscriber)) visit(*connection);
  });
}

void ShardMessages::each_client_of(const std::string& environment, const Audience& audience,
                                   const Visit& visit) {
  switch (audience.kind) {
    case Audience::Kind::admins:
      return;
    case Audience::Kind::all:
    case Audience::Kind::clients:
      return each(environment, Scope::clients, 0, visit);
    case Audience::Kind::client:
      return each(environment, Scope::client, audience.id, visit);
    case Audience::Kind::package:
      break;
  }
  // By the state as it is, not by what each subscriber has been told.
  const auto state = delivery_.current(environment);
  each(environment, Scope::clients, 0, [&](SocketSubscriber& subscriber) {
    const auto client = state->find<domain::Client>(subscriber.who.id);
    if (client != nullptr && client->package_id == audience.id) visit(subscriber);
  });
}

void ShardMessages::each_follower(const EntityRef& entity, const Visit& visit) {
  socketio::BroadcastOptions members;
  members.rooms.push_back(room_of(entity));
  admins_.for_each_local(shard_, members, [&visit](socketio::Socket& socket) {
    auto* subscriber = socket.state<SocketSubscriber>();
    if (subscriber != nullptr && subscriber->entered()) visit(*subscriber);
  });
}

bool ShardMessages::tell_one(const SocketSubscriber& subscriber, const EncodedPacket& packet) {
  messages_.add();
  return deliver(subscriber.socket, packet);
}

std::size_t ShardMessages::tell(const std::string& environment, const Audience& audience,
                                const MessagePackets& packets) {
  std::size_t addressed = 0;
  if (audience.kind == Audience::Kind::all || audience.kind == Audience::Kind::admins)
    addressed += tell_admins(environment, {}, packets.for_admins);
  SlicedSender::Receivers to;
  each_client_of(environment, audience,
                 [&to](SocketSubscriber& subscriber) { to.push_back(subscriber.socket.weak_from_this()); });
  addressed += to.size();
  sender_.add(
      std::move(to),
      [this, packet = packets.for_clients](SocketSubscriber& subscriber) {
        tell_one(subscriber, packet);
        return true;
      },
      SlicedSender::Busy::send);
  return addressed;
}

std::size_t ShardMessages::tell_admins(const std::string& environment, const Chosen& chosen,
                                       const EncodedPacket& packet) {
  std::size_t addressed = 0;
  each(environment, Scope::admins, 0, [&](const SocketSubscriber& subscriber) {
    if (chosen && !chosen(subscriber)) return;
    ++addressed;
    tell_one(subscriber, packet);
  });
  return addressed;
}

std::size_t ShardMessages::tell_followers(const EntityRef& entity, const EncodedPacket& packet) {
  std::size_t addressed = 0;
  each_follower(entity, [&](const SocketSubscriber& subscriber) {
    // A role may have gone down since it subscribed.
    if (!entity.is_change && !auth::readable_kinds(subscriber.role()).contains(entity.kind)) return;
    ++addressed;
    tell_one(subscriber, packet);
  });
  return addressed;
}

Viewers ShardMessages::followers(const EntityRef& entity) {
  Viewers viewers;
  each_follower(entity, [&](const SocketSubscriber& subscriber) {
    if (subscriber.is_machine()) return;
    add_viewer(viewers, subscriber.who.id, {subscriber.who.name, subscriber.edits(entity)});
  });
  return viewers;
}

std::size_t ShardMessages::set_status(const std::string& environment, bool keep,
                                      const MessagePackets& packets) {
  status_.erase(environment);
  if (keep) status_.emplace(environment, packets);
  return tell(environment, {Audience::Kind::all, 0}, packets);
}

void ShardMessages::welcome(const SocketSubscriber& subscriber) {
  const auto status = status_.find(subscriber.who.environment);
  if (status == status_.end()) return;
  tell_one(subscriber, subscriber.is_admin() ? status->second.for_admins : status->second.for_clients);
}

void ShardMessages::on_commit(const changes::Commit& commit) {
  auto& told = activity_told_[commit.row.environment];
  if (commit.row.head.revision <= told) return;
  told = commit.row.head.revision;
  std::map<domain::Standing, std::optional<EncodedPacket>> packets;
  const auto tell_activity = [&](const SocketSubscriber& subscriber) {
    const auto [packet, fresh] = packets.try_emplace(subscriber.role());
    if (fresh) {
      json::value entry =
          service::activity_entry(commit.row, auth::readable_kinds(subscriber.role()), commit.after.get());
      if (entry.is_object())
        packet->second = plain_packet(event::kAdmin, event::kActivity, std::move(entry.get_object()));
    }
    if (packet->second) tell_one(subscriber, *packet->second);
  };
  // Changes of the system environment concern the admins of every environment.
  std::vector<delivery::EnvironmentSubscribers*> homes{delivery_.index().find(commit.row.environment)};
  if (commit.row.environment == domain::kSystemEnvironment) homes = delivery_.index().environments();
  for (auto* home : homes)
    if (home != nullptr) each(home->state->environment(), Scope::admins, 0, tell_activity);
  refresh_offsets(commit.row.environment);
}

void ShardMessages::on_new_epoch(const domain::Snapshot& first) {
  const std::string& environment = first.environment();
  activity_told_[environment] = first.revision();
  refreshed_.erase(environment);
  std::vector<delivery::EnvironmentSubscribers*> homes{delivery_.index().find(environment)};
  if (environment == domain::kSystemEnvironment) homes = delivery_.index().environments();
  for (auto* home : homes) {
    each(home->state->environment(), Scope::admins, 0, [&](SocketSubscriber& admin) {
      const domain::Snapshot& state = *home->state;
      json::object payload{
          {"reason", kNewEpoch}, {"revision", state.revision()}, {"epoch", state.head().epoch}};
      messages_.add();
      deliver(admin.socket,
              config_packet(event::kAdmin, event::kConfigSync, std::move(payload), admin.own_offset(state)));
    });
  }
  send_new_epoch(environment);
}

// One whose output waits gets it as soon as it has drained, and one that was quicker has it.
void ShardMessages::send_new_epoch(const std::string& environment) {
  SlicedSender::Receivers to;
  each(environment, Scope::clients, 0,
       [&to](SocketSubscriber& client) { to.push_back(client.socket.weak_from_this()); });
  const Milliseconds window = to.size() > options_.sync_at_once ? options_.sync_window : Milliseconds{0};
  sender_.add(
      std::move(to),
      [this](SocketSubscriber& client) {
        if (delivery_.evaluations().size() >= kManyEvaluations) return false;
        if (client.behind() == nullptr || client.backlog_bytes() != 0) return true;
        messages_.add();
        delivery_.send_full_state(client, kNewEpoch);
        return true;
      },
      SlicedSender::Busy::send, window);
}

// Most changes concern few connections. The offset of one that is told nothing would be too old at last.
void ShardMessages::refresh_offsets(const std::string& environment) {
  const domain::Revision aging = delivery_.aging(environment);
  auto& refreshed = refreshed_[environment];
  if (aging < refreshed + kBetweenRefreshes) return;
  refreshed = aging;
  SlicedSender::Receivers to;
  for (const auto scope : {Scope::admins, Scope::clients}) {
    each(environment, scope, 0, [&](SocketSubscriber& subscriber) {
      if (subscriber.resumable() && subscriber.newest_offset() <= aging)
        to.push_back(subscriber.socket.weak_from_this());
    });
  }
  if (to.empty()) return;
  sender_.add(
      std::move(to),
      [this, aging](SocketSubscriber& subscriber) {
        if (subscriber.resumable() && subscriber.newest_offset() <= aging) refresh_offset(subscriber);
        return true;
      },
      SlicedSender::Busy::wait, options_.sync_window);
}

void ShardMessages::refresh_offset(SocketSubscriber& subscriber) {
  const auto& state = *subscriber.home().state;
  const domain::Revision told = subscriber.is_admin() ? delivery::ShardDelivery::told_admin(subscriber)
                                                      : SubscriberIndex::told(subscriber);
  if (told != state.revision()) return;  // a push is on its way, and brings one
  json::object status{{"up_to_date", true}, {"revision", state.revision()}, {"epoch", state.head().epoch}};
  messages_.add();
  deliver(subscriber.socket, config_packet(subscriber.socket.nsp().name(), event::kConfigCheck.reply,
                                           std::move(status), subscriber.own_offset(state)));
}

std::size_t ShardMessages::send_entity(const EntityRef& entity) {
  SlicedSender::Receivers to;
  const auto add = [&to](SocketSubscriber& subscriber) { to.push_back(subscriber.socket.weak_from_this()); };
  const auto state = delivery_.current(entity.environment);
  each(entity.environment, Scope::admins, 0, add);
  each(entity.environment, Scope::clients, 0, [&](SocketSubscriber& subscriber) {
    if (sees(subscriber, *state, entity)) add(subscriber);
  });
  const std::size_t addressed = to.size();
  auto known = std::make_shared<Known>();
  sender_.add(
      std::move(to),
      [this, entity, known](SocketSubscriber& subscriber) {
        return send_entity_to(subscriber, entity, known);
      },
      SlicedSender::Busy::wait);
  return addressed;
}

// A feature as one client sees it, evaluated in slices. When the state, the client or its context has moved
// on meanwhile, it begins again, so that nothing old is sent.
class ShardMessages::Answer final : public delivery::Evaluation {
 public:
  Answer(ShardMessages& messages, const SocketSubscriber& subscriber, EntityRef entity, KnownPtr known)
      : messages_(messages),
        socket_(subscriber.socket.weak_from_this()),
        entity_(std::move(entity)),
        known_(std::move(known)) {}

  bool run(delivery::Turn& turn) override {
    const auto socket = socket_.lock();
    auto* subscriber = socket == nullptr ? nullptr : socket->state<SocketSubscriber>();
    if (subscriber == nullptr || !socket->connected() || !subscriber->entered()) return true;
    if (!look(*subscriber)) return true;
    auto data = view_->feature_within(entity_.id, turn);
    if (!data) return false;
    if (subscriber->busy()) {
      messages_.send_entity_later(socket_, entity_, known_);
    } else {
      messages_.send_data(*subscriber, entity_, seen_.state, *std::move(data), *known_);
    }
    return true;
  }

 private:
  // Looks at the newest state; false when it has no such client.
  bool look(const SocketSubscriber& subscriber) {
    auto state = messages_.delivery_.current(entity_.environment);
    if (view_ && state == seen_.state && subscriber.context() == seen_.context) return true;
    view_.reset();
    seen_ = {state, state->find<domain::Client>(subscriber.who.id), subscriber.context()};
    if (seen_.client == nullptr) return false;
    view_.emplace(*seen_.state, *seen_.client, seen_.context.get());
    return true;
  }

  ShardMessages& messages_;
  std::weak_ptr<socketio::Socket> socket_;
  EntityRef entity_;
  KnownPtr known_;
  domain::Viewpoint seen_;
  std::optional<domain::ClientView> view_;  // refers to `seen_`
};

// Not at once: the sender may be what has called.
void ShardMessages::send_entity_later(std::weak_ptr<socketio::Socket> to, const EntityRef& entity,
                                      const KnownPtr& known) {
  shard_.post([this, to = std::move(to), entity, known] {
    sender_.add(
        {to},
        [this, entity, known](SocketSubscriber& subscriber) {
          return send_entity_to(subscriber, entity, known);
        },
        SlicedSender::Busy::wait);
  });
}

bool ShardMessages::send_entity_to(SocketSubscriber& subscriber, const EntityRef& entity,
                                   const KnownPtr& known) {
  if (!subscriber.is_admin() && entity.kind == Kind::feature) {
    auto& evaluations = delivery_.evaluations();
    if (evaluations.size() >= kManyEvaluations) return false;
    evaluations.start(std::make_unique<Answer>(*this, subscriber, entity, known));
    return true;
  }
  const auto state = delivery_.current(entity.environment);
  send_data(subscriber, entity, state, seen_by(subscriber, *state, entity), *known);
  return true;
}

void ShardMessages::send_data(SocketSubscriber& subscriber, const EntityRef& entity,
                              const domain::SnapshotPtr& state, json::value data, Known& known) {
  if (data.is_null()) return;  // gone meanwhile, which has been told
  // Only a subscriber that has been told everything that led to this state may resume from it.
  const bool resumable =
      SubscriberIndex::told(subscriber) == state->revision() && subscriber.keeps_offset(state->revision());
  auto& batch = known[{&subscriber.encoder(), state->revision(), resumable, json::serialize(data)}];
  if (batch == nullptr) {
    const domain::ViewUpdate update{entity.kind, entity.id, domain::UpdateType::update, std::move(data)};
    batch = subscriber.encoder().encode({{update}, state, nullptr, resumable});
  }
  messages_.add();
  subscriber.send(*batch);
}

std::size_t ShardMessages::sync(const std::string& environment, const service::ConfigSync& sync) {
  SlicedSender::Receivers to;
  each_client_of(environment, sync.audience,
                 [&to](SocketSubscriber& subscriber) { to.push_back(subscriber.socket.weak_from_this()); });
  const std::size_t addressed = to.size();
  const Milliseconds window = addressed > options_.sync_at_once ? options_.sync_window : Milliseconds{0};
  sender_.add(
      std::move(to),
      [this, reason = sync.reason](SocketSubscriber& subscriber) {
        if (delivery_.evaluations().size() >= kManyEvaluations) return false;
        messages_.add();
        delivery_.send_full_state(subscriber, reason);
        return true;
      },
      SlicedSender::Busy::wait, window, sync_of(environment, sync.audience));
  return addressed;
}

}  // namespace togglecast::realtime
