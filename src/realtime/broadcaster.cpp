#include "realtime/broadcaster.hpp"

#include <algorithm>
#include <optional>
#include <set>

#include "auth/roles.hpp"
#include "realtime/emit.hpp"
#include "realtime/events.hpp"
#include "realtime/login.hpp"
#include "service/authenticator.hpp"

namespace togglecast::realtime {
namespace {

using domain::Kind;
using domain::Step;

// As much as the kernel itself keeps unsent for a connection: a polling client between two polls is not busy.
constexpr std::size_t kBusyBacklog = 16 * 1024;

// A batch of one audience, encoded at most once in either form.
class SharedBatch {
 public:
  explicit SharedBatch(std::function<Batch(Offsets)> encode) : encode_(std::move(encode)) {}
  const Batch& get(bool offsets, observe::Counter& encoded) {
    auto& form = forms_[offsets ? 1 : 0];
    if (!form) {
      form = encode_(offsets ? Offsets::with : Offsets::without);
      encoded.add();
    }
    return *form;
  }

 private:
  std::function<Batch(Offsets)> encode_;
  std::optional<Batch> forms_[2];
};

json::value actor_of(const service::Commit& commit) {
  auto actor = json::parse(commit.row.actor_text);
  return actor ? *std::move(actor) : json::value();
}

bool ends_or_changes(const service::Commit& commit, Kind kind) {
  return std::any_of(commit.row.change.ops.begin(), commit.row.change.ops.end(),
                     [kind](const domain::Op& op) { return op.entity == kind && !op.before.is_null(); });
}

}  // namespace

std::string room(std::string_view environment, std::string_view name) {
  return std::string(environment).append("/").append(name);
}

std::string client_room(std::string_view environment, domain::Id client) {
  return room(environment, "client:" + std::to_string(client));
}

std::string entity_room(std::string_view environment, Kind kind, domain::Id id) {
  return room(environment, "entity:" + std::string(domain::to_string(kind)) + ":" + std::to_string(id));
}

Broadcaster::Broadcaster(net::Shard& shard, socketio::Namespace& admins, socketio::Namespace& clients,
                         const service::ReadModel& model, const Clock& clock, BroadcasterCounters counters)
    : shard_(shard), admins_(admins), clients_(clients), model_(model), clock_(clock), counters_(counters) {}

void Broadcaster::begin(const domain::SnapshotPtr& state) { current_[state->environment()] = state; }

domain::SnapshotPtr Broadcaster::current(std::string_view environment) const {
  const auto found = current_.find(environment);
  return found == current_.end() ? nullptr : found->second;
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

void Broadcaster::on_commit(const service::CommitPtr& commit) {
  auto& state = current_[commit->row.environment];
  if (state != nullptr && state->revision() >= commit->after->revision()) return;  // known from the beginning
  counters_.commits.add();
  state = commit->after;
  if (commit->row.environment == service::kSystemEnvironment) {
    recheck_admins(*commit);
  } else {
    recheck_clients(*commit);
    push_clients(*commit);
  }
  push_admins(*commit);

  std::vector<Waiter> due;
  std::erase_if(waiters_, [&](Waiter& waiter) {
    if (waiter.environment != commit->row.environment || waiter.revision > commit->after->revision())
      return false;
    due.push_back(std::move(waiter));
    return true;
  });
  for (const auto& waiter : due) waiter.task();
}

void Broadcaster::for_each(socketio::Namespace& nsp, const std::string& name, const Tell& tell) {
  socketio::BroadcastOptions members;
  members.rooms.push_back(name);
  nsp.for_each_local(shard_, members, [&tell](socketio::Socket& socket) {
    if (auto* peer = socket.state<Peer>()) tell(socket, *peer);
  });
}

bool Broadcaster::defer(socketio::Socket& socket, Peer& peer, const domain::SnapshotPtr& from) {
  if (peer.behind == nullptr && socket.backlog_bytes() <= kBusyBacklog) return false;
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

void Broadcaster::push_clients(const service::Commit& commit) {
  // One evaluation and one encoding for all who see the same.
  std::map<std::tuple<const domain::Client*, const json::object*>, SharedBatch> batches;
  for_each(clients_, room(commit.row.environment, kAllClients), [&](socketio::Socket& socket, Peer& peer) {
    if (peer.sent >= commit.after->revision()) return;
    if (defer(socket, peer, commit.before)) return;
    const auto is = commit.after->find<domain::Client>(peer.who.id);
    if (is == nullptr) return;  // its client is gone; it has been disconnected
    auto& batch = batches
                      .try_emplace({is.get(), peer.context.get()},
                                   [&commit, was = peer.client, is, context = peer.context](Offsets offsets) {
                                     domain::ClientView from(*commit.before, *was, context.get());
                                     domain::ClientView to(*commit.after, *is, context.get());
                                     const auto updates = domain::diff_client_view(from, to, Step::live);
                                     return client_batch(updates, *commit.after, offsets);
                                   })
                      .first->second;
    const Batch& encoded = batch.get(peer.offsets, counters_.encoded);
    peer.client = is;
    peer.sent = commit.after->revision();
    if (!encoded.empty()) send(socket, encoded);
  });
}

void Broadcaster::push_admins(const service::Commit& commit) {
  const bool system = commit.row.environment == service::kSystemEnvironment;
  std::map<domain::Role, SharedBatch> batches;
  const auto tell = [&](socketio::Socket& socket, Peer& peer) {
    if (!system) {
      if (peer.sent >= commit.after->revision()) return;
      if (defer(socket, peer, commit.before)) return;
      peer.sent = commit.after->revision();
    }
    auto& batch = batches
                      .try_emplace(peer.who.role,
                                   [&commit, readable = peer.readable](Offsets offsets) {
                                     const auto updates = domain::diff_admin_view(
                                         *commit.before, *commit.after, readable, Step::live);
                                     return admin_batch(updates, *commit.after, actor_of(commit), offsets);
                                   })
                      .first->second;
    // Offsets count the revisions of the environment that the admin works in.
    const Batch& encoded = batch.get(peer.offsets && !system, counters_.encoded);
    if (!encoded.empty()) send(socket, encoded);
  };
  for_each(admins_, system ? std::string(kAllAdmins) : room(commit.row.environment, kAllAdmins), tell);
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
  counters_.encoded.add();
  peer.client = client;
  peer.sent = to->revision();
  if (!batch.empty()) send(socket, batch);
}

void Broadcaster::catch_up(socketio::Socket& socket, Peer& peer, domain::Revision revision) {
  const auto from = model_.at(peer.who.environment, revision);
  const auto was = from == nullptr ? nullptr : from->find<domain::Client>(peer.who.id);
  if (was != nullptr) {
    peer.client = was;
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
  peer.client = client;
  peer.sent = state->revision();
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
    for_each(clients_, client_room(commit.row.environment, id), [&](socketio::Socket& socket, Peer& peer) {
      const auto still = service::Authenticator::recheck(peer.who, *commit.after, clock_.wall_now());
      // DISCONNECT: as it is, it may not come back; with the same token it will be told why.
      if (!still) socket.disconnect();
    });
  }
}

void Broadcaster::recheck_admins(const service::Commit& commit) {
  if (!ends_or_changes(commit, Kind::admin) && !ends_or_changes(commit, Kind::token)) return;
  for_each(admins_, std::string(kAllAdmins), [&](socketio::Socket& socket, Peer& peer) {
    const auto still = service::Authenticator::recheck(peer.who, *commit.after, clock_.wall_now());
    if (!still) {
      socket.disconnect();
    } else if (still->role != peer.who.role) {
      take_role(socket, peer, *still);
    }
  });
}

}  // namespace togglecast::realtime
