#include "realtime/watchers.hpp"

#include <algorithm>
#include <utility>

#include "domain/schema/environment.hpp"
#include "realtime/emit.hpp"
#include "realtime/gather.hpp"
#include "realtime/rooms.hpp"

namespace togglecast::realtime {
namespace {

constexpr std::size_t kMaxWatched = 256;   // by one connection
constexpr std::size_t kMaxRollouts = 256;  // followed at a time

std::string room_of(const EntityName& entity) {
  return entity_room(entity.environment, entity.kind, entity.id);
}

}  // namespace

Watchers::Watchers(net::ShardPool& shards, socketio::Namespace& admins, const Messengers& messengers,
                   const Options& options, const Clock& clock)
    : shards_(shards),
      admins_(admins),
      messengers_(messengers),
      options_(options),
      clock_(clock),
      watched_(shards.size()),
      presence_timer_([this] { tell_presence(); }),
      rollout_timer_([this] { count_rollouts(); }) {}

bool Watchers::watch(socketio::Socket& socket, Peer& peer, const EntityName& entity) {
  if (peer.watching == nullptr) peer.watching = std::make_unique<std::vector<EntityName>>();
  auto& watching = *peer.watching;
  const bool known = std::find(watching.begin(), watching.end(), entity) != watching.end();
  if (!known) {
    if (watching.size() == kMaxWatched || !socket.join(room_of(entity))) return false;
    watching.push_back(entity);
    ++watched_[socket.shard().index()][entity];
  }
  note_presence(entity);
  return true;
}

void Watchers::unwatch(socketio::Socket& socket, Peer& peer, const EntityName& entity) {
  if (peer.watching == nullptr || std::erase(*peer.watching, entity) == 0) return;
  socket.leave(room_of(entity));
  forget(socket.shard(), entity);
}

void Watchers::gone(const socketio::Socket& socket, const Peer& peer) {
  if (peer.watching == nullptr) return;
  for (const EntityName& entity : *peer.watching) forget(socket.shard(), entity);
}

void Watchers::forget(const net::Shard& shard, const EntityName& entity) {
  auto& watched = watched_[shard.index()];
  const auto found = watched.find(entity);
  if (found != watched.end() && --found->second == 0) watched.erase(found);
  note_presence(entity);
}

void Watchers::note_presence(const EntityName& entity) {
  shards_.at(0).post([this, entity] {
    changed_.insert(entity);
    if (!presence_timer_.armed()) shards_.at(0).arm(presence_timer_, options_.presence_delay);
  });
}

void Watchers::tell_presence() {
  for (const EntityName& entity : std::exchange(changed_, {})) {
    gather<Viewers>(
        shards_,
        [this, entity](net::Shard& shard, const std::function<void(Viewers)>& answer) {
          Viewers viewers;
          for_each_in(shard, admins_, room_of(entity), [&](socketio::Socket&, const Peer& peer) {
            viewers.emplace(peer.who.id, peer.who.name);
          });
          answer(std::move(viewers));
        },
        [this, entity](std::vector<Viewers> parts) {
          Viewers all;
          for (Viewers& part : parts) all.merge(part);
          json::array viewers;
          for (const auto& [id, name] : all) viewers.push_back({{"id", id}, {"username", name}});
          json::object payload = to_json(entity);
          payload["viewers"] = std::move(viewers);
          payload["timestamp"] = to_iso8601(clock_.wall_now());
          tell(entity, event::kEntityPresence, payload);
        });
  }
}

void Watchers::on_commit(const net::Shard& shard, const changes::Commit& commit) {
  const auto& watched = watched_[shard.index()];
  if (watched.empty() || commit.row.environment == domain::kSystemEnvironment) return;
  for (const auto& op : commit.row.change.ops) {
    EntityName entity{commit.row.environment, op.entity, op.id};
    if (!watched.contains(entity)) continue;
    shards_.at(0).post([this, entity = std::move(entity), revision = commit.after->revision()] {
      follow(entity, revision);
    });
  }
}

void Watchers::follow(const EntityName& entity, domain::Revision revision) {
  if (!rollouts_.contains(entity) && rollouts_.size() == kMaxRollouts) return;
  Rollout& rollout = rollouts_[entity];
  if (rollout.revision >= revision) return;  // another shard said so before
  rollout = Rollout{};
  rollout.revision = revision;
  rollout.began = clock_.now();
  if (!rollout_timer_.armed()) shards_.at(0).arm(rollout_timer_, Milliseconds{0});
}

void Watchers::count_rollouts() {
  std::map<std::string, std::vector<domain::Revision>> asked;
  for (const auto& [entity, rollout] : rollouts_) {
    auto& revisions = asked[entity.environment];
    if (std::find(revisions.begin(), revisions.end(), rollout.revision) == revisions.end())
      revisions.push_back(rollout.revision);
  }
  gather<Counted>(
      shards_,
      [this, asked](net::Shard& shard, const std::function<void(Counted)>& answer) {
        Counted counted;
        for (const auto& [environment, revisions] : asked)
          counted[environment] = messengers_[shard.index()]->census(environment, revisions);
        answer(std::move(counted));
      },
      [this, asked](const std::vector<Counted>& parts) {
        Counted all;
        for (const Counted& part : parts)
          for (const auto& [environment, census] : part) all[environment].add(census);
        shards_.at(0).post([this, asked, all] { tell_rollouts(asked, all); });
      });
}

void Watchers::tell_rollouts(const std::map<std::string, std::vector<domain::Revision>>& asked,
                             const Counted& counted) {
  for (auto rollout = rollouts_.begin(); rollout != rollouts_.end();) {
    const auto revisions = asked.find(rollout->first.environment);
    const auto places = revisions == asked.end() ? std::vector<domain::Revision>{} : revisions->second;
    const auto place = std::find(places.begin(), places.end(), rollout->second.revision);
    const bool counted_in = place != places.end();  // else it has begun since
    const auto index = static_cast<std::size_t>(place - places.begin());
    const bool done = counted_in && tell_rollout(rollout->first, rollout->second,
                                                 counted.at(rollout->first.environment), index);
    rollout = done ? rollouts_.erase(rollout) : std::next(rollout);
  }
  if (!rollouts_.empty()) shards_.at(0).arm(rollout_timer_, options_.rollout_interval);
}

bool Watchers::tell_rollout(const EntityName& entity, Rollout& rollout, const Census& census,
                            std::size_t index) {
  const Reach& reach = census.reach[index];
  const bool over = clock_.now() - rollout.began > options_.rollout_patience;
  const bool done = over || reach.acknowledged >= census.clients;
  json::object progress = to_json(entity);
  progress["revision"] = rollout.revision;
  progress["connections"] = census.clients;
  progress["told"] = reach.told;
  progress["acknowledged"] = reach.acknowledged;
  progress["done"] = done;
  if (progress == rollout.last) return done;
  rollout.last = progress;
  progress["timestamp"] = to_iso8601(clock_.wall_now());
  tell(entity, event::kRolloutProgress, progress);
  return done;
}

void Watchers::tell(const EntityName& entity, std::string_view event, const json::object& payload) {
  shards_.post_to_all([this, room = room_of(entity), kind = entity.kind,
                       packet = plain_packet(event::kAdmin, event, payload)](const net::Shard& shard) {
    // A role may have gone down since it subscribed.
    messengers_[shard.index()]->tell_admins(
        room, [kind](const Peer& peer) { return peer.readable.contains(kind); }, packet);
  });
}

}  // namespace togglecast::realtime
