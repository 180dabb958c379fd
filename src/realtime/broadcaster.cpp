#include "realtime/broadcaster.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <set>

#include "auth/roles.hpp"
#include "realtime/emit.hpp"
#include "realtime/events.hpp"
#include "realtime/login.hpp"
#include "realtime/rooms.hpp"
#include "service/authenticator.hpp"

namespace togglecast::realtime {
namespace {

using domain::Kind;
using domain::Step;

// As much as the kernel itself keeps unsent for a connection: a polling client between two polls is not busy.
constexpr std::size_t kBusyBacklog = 16 * 1024;

// A push yields to whatever else the shard has to do after so long, or after so many receivers: their writes
// leave at the end of the turn and take as long again.
constexpr std::chrono::microseconds kPushSlice{1'000};
constexpr std::size_t kReceiversPerSlice = 256;
constexpr std::size_t kLookAtClock = 16;

// When more commits than that wait for their push, they are pushed as one.
constexpr std::size_t kManyCommits = 8;

json::value actor_of(const service::Commit& commit) {
  auto actor = json::parse(commit.row.actor_text);
  return actor ? *std::move(actor) : json::value();
}

bool ends_or_changes(const service::Commit& commit, Kind kind) {
  return std::any_of(commit.row.change.ops.begin(), commit.row.change.ops.end(),
                     [kind](const domain::Op& op) { return op.entity == kind && !op.before.is_null(); });
}

// The part of a turn that a push may have.
class Slice {
 public:
  Slice() : end_(std::chrono::steady_clock::now() + kPushSlice) {}
  void spend() noexcept { ++receivers_; }
  [[nodiscard]] bool over() {
    if (receivers_ >= kReceiversPerSlice) return true;
    return ++looks_ % kLookAtClock == 0 && std::chrono::steady_clock::now() >= end_;
  }

 private:
  std::chrono::steady_clock::time_point end_;
  std::size_t receivers_ = 0;
  std::size_t looks_ = 0;
};

}  // namespace

// One push to the clients of an environment, from room to room.
class Broadcaster::Job {
 public:
  Job(Broadcaster& owner, domain::SnapshotPtr from, domain::SnapshotPtr to, domain::Impact impact, Step step)
      : owner_(owner), push_(std::move(from), std::move(to), std::move(impact), step, owner.counters_.push) {
    const std::string& environment = push_.to()->environment();
    touched_ = push_.impact().clients;
    if (push_.concerns_all()) {
      rooms_.push_back(room(environment, kAllClients));
      return;
    }
    for (const domain::Id package : push_.packages()) rooms_.push_back(package_room(environment, package));
    for (const domain::Id client : push_.overriding_clients())
      rooms_.push_back(client_room(environment, client));
  }

  [[nodiscard]] const domain::Snapshot& to() const noexcept { return *push_.to(); }

  /// True when everybody has been told.
  [[nodiscard]] bool run() {
    owner_.counters_.slices.add();
    Slice slice;
    for (; touched_at_ < touched_.size(); ++touched_at_) {
      if (slice.over()) return false;
      tell_touched(touched_[touched_at_], slice);
    }
    while (room_at_ < rooms_.size()) {
      if (!walk(slice)) return false;
      ++room_at_;
      place_ = 0;
    }
    return true;
  }

 private:
  void tell_touched(domain::Id id, Slice& slice) {
    const auto after = push_.to()->find<domain::Client>(id);
    if (after == nullptr) return;  // gone; it has been disconnected
    for_each_in(owner_.shard_, owner_.clients_, client_room(to().environment(), id),
                [&](socketio::Socket& socket, Peer& peer) {
                  if (peer.sent >= to().revision()) return;
                  if (owner_.defer(peer, socket.backlog_bytes(), push_.from())) return;
                  Message& message = push_.message_for_touched(peer, *after);
                  take_client(socket, peer, after);
                  peer.sent = to().revision();
                  slice.spend();
                  if (!message.empty())
                    owner_.send(socket, message.batch(peer.offsets, owner_.counters_.push));
                });
  }

  // Whoever leaves the room meanwhile has the last member moved to a place that may have been passed.
  [[nodiscard]] bool walk(Slice& slice) {
    const auto* members = owner_.clients_.local_room(owner_.shard_, rooms_[room_at_]);
    if (members == nullptr) return true;
    if (place_ == 0) departures_ = members->departures;
    if (departures_ != members->departures) {
      place_ = 0;
      departures_ = members->departures;
    }
    for (; place_ < members->members.size(); ++place_) {
      if (slice.over()) return false;
      auto* peer = members->members[place_]->state<Peer>();
      if (peer != nullptr && peer->sent < to().revision()) tell(*members, *peer, slice);
    }
    return true;
  }

  void tell(const socketio::Room& members, Peer& peer, Slice& slice) {
    const std::size_t backlog = socketio::Namespace::member_backlog(owner_.shard_, members, place_);
    if (peer.client == nullptr || owner_.defer(peer, backlog, push_.from())) return;
    Message& message = push_.message_for(peer, peer.client->package_id.value_or(0));
    peer.sent = to().revision();
    if (message.empty()) return;
    for (const auto& packet : message.batch(peer.offsets, owner_.counters_.push))
      socketio::Namespace::send_to_member(owner_.shard_, members, place_, packet);
    owner_.counters_.delivered.add();
    slice.spend();
  }

  Broadcaster& owner_;
  ClientPush push_;
  std::vector<domain::Id> touched_;
  std::size_t touched_at_ = 0;
  std::vector<std::string> rooms_;
  std::size_t room_at_ = 0;
  std::size_t place_ = 0;
  std::uint64_t departures_ = 0;
};

Broadcaster::Broadcaster(net::Shard& shard, socketio::Namespace& admins, socketio::Namespace& clients,
                         const service::ReadModel& model, const Clock& clock, BroadcasterCounters counters)
    : shard_(shard), admins_(admins), clients_(clients), model_(model), clock_(clock), counters_(counters) {}

Broadcaster::~Broadcaster() = default;

void Broadcaster::begin(const domain::SnapshotPtr& state) { current_[state->environment()] = state; }

domain::SnapshotPtr Broadcaster::current(std::string_view environment) const {
  const auto found = current_.find(environment);
  return found == current_.end() ? nullptr : found->second;
}

domain::Revision Broadcaster::told(const Peer& peer) const {
  if (peer.behind != nullptr) return peer.behind->revision();
  const auto state = current(peer.who.environment);
  if (state == nullptr || peer.sent >= state->revision()) return peer.sent;
  // Whom a push does not concern needs no telling.
  const bool being_told = job_ != nullptr && job_->to().environment() == peer.who.environment;
  return being_told ? peer.sent : state->revision();
}

void Broadcaster::when_reached(const std::string& environment, domain::Revision revision,
                               std::function<void()> task) {
  const auto state = current(environment);
  if (state == nullptr || state->revision() >= revision) {
    task();
  } else {
    waiters_.push_back({environment, revision, std::move(task)});
  }
}

void Broadcaster::call_waiters(const std::string& environment, domain::Revision revision) {
  std::vector<Waiter> due;
  std::erase_if(waiters_, [&](Waiter& waiter) {
    if (waiter.environment != environment || waiter.revision > revision) return false;
    due.push_back(std::move(waiter));
    return true;
  });
  for (const auto& waiter : due) waiter.task();
}

void Broadcaster::on_commit(const service::CommitPtr& commit) {
  waiting_.push_back(commit);
  pump();
}

// One commit, or, when many wait, all of its environment that follow on it.
std::vector<service::CommitPtr> Broadcaster::next_commits() {
  std::vector<service::CommitPtr> commits{waiting_.front()};
  waiting_.pop_front();
  if (waiting_.size() < kManyCommits) return commits;
  while (!waiting_.empty() && waiting_.front()->row.environment == commits.front()->row.environment) {
    commits.push_back(waiting_.front());
    waiting_.pop_front();
  }
  return commits;
}

void Broadcaster::pump() {
  if (continuing_) return;
  while (job_ != nullptr || !waiting_.empty()) {
    if (job_ == nullptr) start(next_commits());
    if (job_ != nullptr && !job_->run()) {
      continuing_ = true;
      shard_.post([this] {
        continuing_ = false;
        pump();
      });
      return;
    }
    job_.reset();
  }
}

void Broadcaster::start(const std::vector<service::CommitPtr>& commits) {
  const std::string environment = commits.front()->row.environment;
  auto& state = current_[environment];
  std::vector<service::CommitPtr> unknown;
  for (const auto& commit : commits)
    if (state == nullptr || state->revision() < commit->after->revision()) unknown.push_back(commit);
  if (unknown.empty()) return;  // known from the beginning
  const auto from = unknown.front()->before;
  const auto to = unknown.back()->after;
  counters_.commits.add(unknown.size());
  state = to;
  if (environment == service::kSystemEnvironment) {
    for (const auto& commit : unknown) recheck_admins(*commit);
  } else {
    for (const auto& commit : unknown) recheck_clients(*commit);
    domain::Impact impact = unknown.front()->impact;
    for (std::size_t i = 1; i < unknown.size(); ++i) merge(impact, unknown[i]->impact);
    if (impact.concerns_clients()) {
      const Step step = unknown.size() == 1 ? Step::live : Step::merged;
      job_ = std::make_unique<Job>(*this, from, to, std::move(impact), step);
    }
  }
  push_admins(unknown);
  call_waiters(environment, to->revision());
}

bool Broadcaster::defer(Peer& peer, std::size_t backlog, const domain::SnapshotPtr& from) {
  if (peer.behind == nullptr && backlog <= kBusyBacklog) return false;
  if (peer.behind == nullptr) {
    peer.behind = from;
    counters_.deferred.add();
  }
  return true;
}

void Broadcaster::send(socketio::Socket& socket, const Batch& batch) {
  for (const auto& packet : batch) socket.send(packet);
  counters_.delivered.add();
}

void Broadcaster::push_admins(const std::vector<service::CommitPtr>& commits) {
  const auto& from = commits.front()->before;
  const auto& to = commits.back()->after;
  const bool single = commits.size() == 1;
  const bool system = to->environment() == service::kSystemEnvironment;
  // By role, and whether the connection wants offsets.
  std::map<std::pair<domain::Role, bool>, Batch> batches;
  const auto tell = [&](socketio::Socket& socket, Peer& peer) {
    if (!system) {
      if (peer.sent >= to->revision()) return;
      if (defer(peer, socket.backlog_bytes(), from)) return;
      peer.sent = to->revision();
    }
    // Offsets count the revisions of the environment that the admin works in.
    const bool offsets = peer.offsets && !system;
    const auto [place, made] = batches.try_emplace({peer.who.role, offsets});
    if (made) {
      const auto updates =
          domain::diff_admin_view(*from, *to, peer.readable, single ? Step::live : Step::merged);
      place->second = admin_batch(updates, *to, single ? actor_of(*commits.front()) : json::value(),
                                  offsets ? Offsets::with : Offsets::without);
      counters_.push.encoded.add();
    }
    if (!place->second.empty()) send(socket, place->second);
  };
  for_each_in(shard_, admins_, system ? std::string(kAllAdmins) : room(to->environment(), kAllAdmins), tell);
}

void Broadcaster::take_client(socketio::Socket& socket, Peer& peer,
                              const std::shared_ptr<const domain::Client>& client) {
  const std::string& environment = peer.who.environment;
  const domain::Id is = client->package_id.value_or(0);
  const domain::Id was = peer.client == nullptr ? is : peer.client->package_id.value_or(0);
  if (was != is) socket.leave(package_room(environment, was));
  if (peer.client == nullptr || was != is) socket.join(package_room(environment, is));
  peer.client = client;
  peer.active = client->active;
  peer.plain = client->overrides.empty();
}

Batch Broadcaster::batch_for(const Peer& peer, const domain::Snapshot& from, const domain::Snapshot& to,
                             const domain::Client* client, Step step, const json::value& actor) {
  const Offsets offsets = peer.offsets ? Offsets::with : Offsets::without;
  if (peer.who.kind == service::Principal::Kind::client) {
    domain::ClientView was(from, *peer.client, peer.context.get());
    domain::ClientView is(to, *client, peer.context.get());
    return client_batch(domain::diff_client_view(was, is, step), to, offsets);
  }
  return admin_batch(domain::diff_admin_view(from, to, peer.readable, step), to, actor, offsets);
}

void Broadcaster::advance(socketio::Socket& socket, Peer& peer, const domain::SnapshotPtr& from) {
  const auto to = current(peer.who.environment);
  if (to == nullptr) return;
  std::shared_ptr<const domain::Client> client;
  if (peer.who.kind == service::Principal::Kind::client) {
    client = to->find<domain::Client>(peer.who.id);
    if (client == nullptr) return;
  }
  const Step step = to->revision() == from->revision() + 1 ? Step::live : Step::merged;
  const Batch batch = batch_for(peer, *from, *to, client.get(), step, nullptr);
  counters_.push.encoded.add();
  if (client != nullptr) take_client(socket, peer, client);
  peer.sent = to->revision();
  if (!batch.empty()) send(socket, batch);
}

void Broadcaster::catch_up(socketio::Socket& socket, Peer& peer, domain::Revision revision) {
  const auto from = model_.at(peer.who.environment, revision);
  const auto was = from == nullptr ? nullptr : from->find<domain::Client>(peer.who.id);
  if (was != nullptr) {
    take_client(socket, peer, was);
    advance(socket, peer, from);
  } else {
    send_whole_view(socket, peer, "catch_up_out_of_reach");
  }
}

void Broadcaster::send_whole_view(socketio::Socket& socket, Peer& peer, std::string_view reason) {
  const auto state = current(peer.who.environment);
  const auto client = state->find<domain::Client>(peer.who.id);
  if (client == nullptr) return;
  json::object payload{{"reason", reason},
                       {"revision", state->revision()},
                       {"epoch", state->head().epoch},
                       {"snapshot", domain::client_view(*state, *client, peer.context.get())}};
  const auto offset = peer.offsets ? std::optional(state->offset()) : std::nullopt;
  socket.send(socketio::EncodedPacket::event(event::kClient,
                                             config_event(event::kConfigSync, std::move(payload), offset)));
  take_client(socket, peer, client);
  peer.sent = state->revision();
  peer.behind.reset();
}

void Broadcaster::on_drained(socketio::Socket& socket) {
  auto* peer = socket.state<Peer>();
  if (peer == nullptr || peer->behind == nullptr || socket.backlog_bytes() != 0) return;
  const auto from = std::exchange(peer->behind, nullptr);
  advance(socket, *peer, from);
}

void Broadcaster::recheck_clients(const service::Commit& commit) {
  std::set<domain::Id> touched;
  for (const auto& op : commit.row.change.ops) {
    if (op.entity == Kind::client) touched.insert(op.id);
    if (op.entity != Kind::token || op.before.is_null()) continue;
    if (const auto record = domain::TokenRecord::from_json(op.before)) touched.insert(record->subject_id);
  }
  for (const auto id : touched) {
    for_each_in(
        shard_, clients_, client_room(commit.row.environment, id), [&](socketio::Socket& socket, Peer& peer) {
          const auto still = service::Authenticator::recheck(peer.who, *commit.after, clock_.wall_now());
          // DISCONNECT: as it is, it may not come back; with the same token it will be told why.
          if (!still) socket.disconnect();
        });
  }
}

void Broadcaster::recheck_admins(const service::Commit& commit) {
  if (!ends_or_changes(commit, Kind::admin) && !ends_or_changes(commit, Kind::token)) return;
  for_each_in(shard_, admins_, std::string(kAllAdmins), [&](socketio::Socket& socket, Peer& peer) {
    const auto still = service::Authenticator::recheck(peer.who, *commit.after, clock_.wall_now());
    if (!still) {
      socket.disconnect();
    } else if (still->role != peer.who.role) {
      take_role(socket, peer, *still);
    }
  });
}

}  // namespace togglecast::realtime
