#include "realtime/messages/entity_subscriptions.hpp"

#include <algorithm>
#include <utility>

#include "delivery/collect.hpp"
#include "domain/schema/environment.hpp"
#include "realtime/protocol/events.hpp"
#include "realtime/protocol/packets.hpp"

namespace togglecast::realtime {
namespace {

constexpr std::size_t kMaxFollowed = 256;  // by one connection
constexpr std::size_t kMaxRollouts = 256;  // followed at a time

}  // namespace

EntitySubscriptions::EntitySubscriptions(net::ShardPool& shards, const delivery::ShardDeliveries& deliveries,
                                         const AllShardMessages& messages, delivery::Rollouts& rollouts,
                                         const Options& options, const Clock& clock, nodes::Nodes* nodes)
    : shards_(shards),
      deliveries_(deliveries),
      messages_(messages),
      rollouts_known_(rollouts),
      options_(options),
      clock_(clock),
      followed_(shards.size()),
      elsewhere_(shards, nodes, [this](const EntityRef& entity) { note_presence(entity); }),
      presence_timer_([this] { tell_presence(); }),
      rollout_timer_([this] { count_rollouts(); }) {}

bool EntitySubscriptions::add(SocketSubscriber& subscriber, const EntityRef& entity, bool editing) {
  if (subscriber.followed() == nullptr)
    subscriber.seldom().followed = std::make_unique<std::vector<Followed>>();
  auto& own = *subscriber.followed();
  const auto known = std::find(own.begin(), own.end(), entity);
  if (known == own.end()) {
    if (own.size() == kMaxFollowed) drop_deleted(subscriber);
    if (own.size() == kMaxFollowed || !subscriber.socket.join(room_of(entity))) return false;
    own.push_back({entity, editing});
    ++followed_[subscriber.socket.shard().index()][entity];
  } else {
    known->editing = editing;
  }
  note_presence(entity);
  return true;
}

void EntitySubscriptions::remove(SocketSubscriber& subscriber, const EntityRef& entity) {
  if (subscriber.followed() == nullptr || std::erase(*subscriber.followed(), entity) == 0) return;
  subscriber.socket.leave(room_of(entity));
  forget(subscriber.socket.shard(), entity);
}

std::vector<EntityRef> EntitySubscriptions::keep_only(SocketSubscriber& subscriber,
                                                      const domain::Kinds& kinds) {
  std::vector<EntityRef> left;
  if (subscriber.followed() == nullptr) return left;
  for (const auto& [entity, editing] : *subscriber.followed())
    if (!entity.is_change && !kinds.contains(entity.kind)) left.push_back(entity);
  for (const EntityRef& entity : left) remove(subscriber, entity);
  return left;
}

void EntitySubscriptions::drop_deleted(SocketSubscriber& subscriber) {
  auto& delivery = *deliveries_[subscriber.socket.shard().index()];
  const std::vector<Followed> followed = *subscriber.followed();
  for (const Followed& each : followed) {
    const EntityRef& entity = each.entity;
    const auto state = delivery.current(entity.environment);
    const bool exists = state != nullptr && !entity.is_change &&
                        domain::with_entity_type(entity.kind, [&]<typename T>(std::type_identity<T>) {
                          return state->peek<T>(entity.id) != nullptr;
                        });
    if (!exists) remove(subscriber, entity);
  }
}

void EntitySubscriptions::gone(const SocketSubscriber& subscriber) {
  if (subscriber.followed() == nullptr) return;
  for (const auto& [entity, editing] : *subscriber.followed()) forget(subscriber.socket.shard(), entity);
}

void EntitySubscriptions::forget(const net::Shard& shard, const EntityRef& entity) {
  auto& followed = followed_[shard.index()];
  const auto found = followed.find(entity);
  if (found != followed.end() && --found->second == 0) followed.erase(found);
  note_presence(entity);
}

void EntitySubscriptions::note_presence(const EntityRef& entity) {
  shards_.at(0).post([this, entity] {
    changed_.insert(entity);
    if (!presence_timer_.armed()) shards_.at(0).arm(presence_timer_, options_.presence_delay);
  });
}

void EntitySubscriptions::tell_presence() {
  for (const EntityRef& entity : std::exchange(changed_, {})) {
    delivery::collect_from_shards<Viewers>(
        shards_,
        [this, entity](net::Shard& shard, const std::function<void(Viewers)>& answer) {
          answer(messages_[shard.index()]->followers(entity));
        },
        [this, entity](const std::vector<Viewers>& parts) {
          Viewers all;
          for (const Viewers& part : parts) add_viewers(all, part);
          shards_.at(0).post([this, entity, all = std::move(all)]() mutable {
            elsewhere_.set_own(entity, all);
            elsewhere_.add_others(entity, all);
            tell_viewers(entity, all);
          });
        });
  }
}

void EntitySubscriptions::tell_viewers(const EntityRef& entity, const Viewers& all) {
  json::array viewers;
  for (const auto& [id, viewer] : all)
    viewers.push_back({{"id", id}, {"username", viewer.name}, {"state", state_of(viewer.editing)}});
  json::object payload = to_json(entity);
  payload["viewers"] = std::move(viewers);
  payload["timestamp"] = to_iso8601(clock_.wall_now());
  tell(entity, event::kEntityPresence, payload);
}

void EntitySubscriptions::on_commit(const net::Shard& shard, const changes::Commit& commit) {
  const auto& followed = followed_[shard.index()];
  if (followed.empty() || commit.row.environment == domain::kSystemEnvironment) return;
  for (const auto& op : commit.row.change.ops) {
    EntityRef entity{commit.row.environment, op.entity, op.id};
    if (!followed.contains(entity)) continue;
    follow_rollout(entity, commit.after->revision());
  }
}

void EntitySubscriptions::forget_rollouts(const std::string& environment) {
  shards_.at(0).post([this, environment] {
    std::erase_if(rollouts_, [&](const auto& one) { return one.first.environment == environment; });
  });
}

void EntitySubscriptions::follow_rollout(const EntityRef& entity, domain::Revision revision) {
  shards_.at(0).post([this, entity, revision] { follow(entity, revision); });
}

void EntitySubscriptions::follow(const EntityRef& entity, domain::Revision revision) {
  if (!rollouts_.contains(entity) && rollouts_.size() == kMaxRollouts) return;
  Rollout& rollout = rollouts_[entity];
  if (rollout.revision >= revision) return;  // another shard said so before
  rollout = Rollout{};
  rollout.revision = revision;
  if (!rollout_timer_.armed()) shards_.at(0).arm(rollout_timer_, Milliseconds{0});
}

void EntitySubscriptions::count_rollouts() {
  delivery::Rollouts::Asked asked;
  for (const auto& [entity, rollout] : rollouts_) {
    auto& revisions = asked[entity.environment];
    if (std::find(revisions.begin(), revisions.end(), rollout.revision) == revisions.end())
      revisions.push_back(rollout.revision);
  }
  rollouts_known_.find(asked, [this, asked](const delivery::Rollouts::Found& found) {
    shards_.at(0).post([this, asked, found] { tell_rollouts(asked, found); });
  });
}

void EntitySubscriptions::tell_rollouts(const delivery::Rollouts::Asked& asked,
                                        const delivery::Rollouts::Found& found) {
  for (auto rollout = rollouts_.begin(); rollout != rollouts_.end();) {
    const auto revisions = asked.find(rollout->first.environment);
    const auto places = revisions == asked.end() ? std::vector<domain::Revision>{} : revisions->second;
    const auto place = std::find(places.begin(), places.end(), rollout->second.revision);
    const bool counted_in = place != places.end();  // else it has begun since
    const auto index = static_cast<std::size_t>(place - places.begin());
    const bool done = counted_in && tell_rollout(rollout->first, rollout->second,
                                                 found.at(rollout->first.environment), index);
    rollout = done ? rollouts_.erase(rollout) : std::next(rollout);
  }
  if (!rollouts_.empty()) shards_.at(0).arm(rollout_timer_, options_.rollout_interval);
}

bool EntitySubscriptions::tell_rollout(const EntityRef& entity, Rollout& rollout,
                                       const delivery::RolloutsOfEnvironment& found, std::size_t index) {
  auto numbers = found.progress(index);
  if (!numbers) return true;  // a thousand changes ago
  const bool done = !found.changes[index]->open;
  json::object progress = to_json(entity);
  progress["revision"] = rollout.revision;
  for (auto& member : *numbers) progress[member.key()] = std::move(member.value());
  progress.erase("open");
  progress["done"] = done;
  if (progress == rollout.last) return done;
  rollout.last = progress;
  progress["timestamp"] = to_iso8601(clock_.wall_now());
  tell(entity, event::kRolloutProgress, progress);
  return done;
}

void EntitySubscriptions::tell(const EntityRef& entity, std::string_view event, const json::object& payload) {
  shards_.post_to_all(
      [this, entity, packet = plain_packet(event::kAdmin, event, payload)](const net::Shard& shard) {
        messages_[shard.index()]->tell_followers(entity, packet);
      });
}

}  // namespace togglecast::realtime
