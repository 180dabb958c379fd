#include "realtime/broadcaster.hpp"

#include <algorithm>
#include <optional>
#include <set>

#include "domain/schema/environment.hpp"
#include "realtime/emit.hpp"
#include "realtime/events.hpp"
#include "realtime/login.hpp"
#include "realtime/rooms.hpp"
#include "service/accounts/authenticator.hpp"

namespace togglecast::realtime {
namespace {

using domain::Kind;
using domain::Step;

// When more commits than that wait for their push, they are pushed as one.
constexpr std::size_t kManyCommits = 8;

json::value actor_of(const changes::Commit& commit) {
  auto actor = json::parse(commit.row.actor_text);
  return actor ? *std::move(actor) : json::value();
}

bool ends_or_changes(const changes::Commit& commit, Kind kind) {
  return std::any_of(commit.row.change.ops.begin(), commit.row.change.ops.end(),
                     [kind](const domain::Op& op) { return op.entity == kind && !op.before.is_null(); });
}

}  // namespace

Broadcaster::Broadcaster(net::Shard& shard, socketio::Namespace& admins, socketio::Namespace& clients,
                         const changes::ReadModel& model, const Options& options, const Clock& clock,
                         const PushCounters& counters, observe::Counter& limited)
    : shard_(shard),
      admins_(admins),
      clients_(clients),
      model_(model),
      options_(options),
      clock_(clock),
      counters_(counters),
      limited_(limited) {}

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

void Broadcaster::on_commit(const changes::CommitPtr& commit) {
  waiting_.push_back(commit);
  pump();
}

// One commit, or, when many wait, all of its environment that follow on it.
std::vector<changes::CommitPtr> Broadcaster::next_commits() {
  std::vector<changes::CommitPtr> commits{waiting_.front()};
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

void Broadcaster::start(const std::vector<changes::CommitPtr>& commits) {
  const std::string environment = commits.front()->row.environment;
  auto& state = current_[environment];
  std::vector<changes::CommitPtr> unknown;
  for (const auto& commit : commits)
    if (state == nullptr || state->revision() < commit->after->revision()) unknown.push_back(commit);
  if (unknown.empty()) return;  // known from the beginning
  const auto from = unknown.front()->before;
  const auto to = unknown.back()->after;
  counters_.commits.add(unknown.size());
  state = to;
  if (environment == domain::kSystemEnvironment) {
    for (const auto& commit : unknown) recheck_admins(*commit);
  } else {
    for (const auto& commit : unknown) recheck_clients(*commit);
    domain::Impact impact = unknown.front()->impact;
    for (std::size_t i = 1; i < unknown.size(); ++i) merge(impact, unknown[i]->impact);
    if (impact.concerns_clients()) {
      const Step step = unknown.size() == 1 ? Step::live : Step::merged;
      job_ = std::make_unique<PushJob>(shard_, clients_, counters_, from, to, std::move(impact), step);
    }
  }
  push_admins(unknown);
  call_waiters(environment, to->revision());
}

void Broadcaster::push_admins(const std::vector<changes::CommitPtr>& commits) {
  const auto& from = commits.front()->before;
  const auto& to = commits.back()->after;
  const bool single = commits.size() == 1;
  const bool system = to->environment() == domain::kSystemEnvironment;
  // By role, and whether the connection wants offsets.
  std::map<std::pair<domain::Role, bool>, Batch> batches;
  const auto tell = [&](socketio::Socket& socket, Peer& peer) {
    if (!system) {
      if (peer.sent >= to->revision()) return;
      if (defer(peer, socket.backlog_bytes(), from, counters_)) return;
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
      counters_.encoded.add();
    }
    if (!place->second.empty()) hand_over(socket, place->second, counters_);
  };
  for_each_in(shard_, admins_, admins_room(to->environment()), tell);
}

void Broadcaster::advance(socketio::Socket& socket, Peer& peer, const domain::SnapshotPtr& from) {
  const auto to = current(peer.who.environment);
  if (to == nullptr) return;
  const Step step = to->revision() == from->revision() + 1 ? Step::live : Step::merged;
  const Offsets offsets = peer.offsets ? Offsets::with : Offsets::without;
  Batch batch;
  if (peer.who.kind == service::Principal::Kind::client) {
    const auto client = to->find<domain::Client>(peer.who.id);
    if (client == nullptr) return;
    domain::ClientView was(*from, *peer.client, peer.context.get());
    domain::ClientView is(*to, *client, peer.context.get());
    batch = client_batch(domain::diff_client_view(was, is, step), *to, offsets);
    take_client(socket, peer, client);
  } else {
    batch = admin_batch(domain::diff_admin_view(*from, *to, peer.readable, step), *to, nullptr, offsets);
  }
  counters_.encoded.add();
  peer.sent = to->revision();
  if (!batch.empty()) hand_over(socket, batch, counters_);
}

Result<void> Broadcaster::take_full_state(Peer& peer) const {
  const Milliseconds wait = peer.full_states.take(options_.full_states, shard_.now());
  if (wait == Milliseconds{0}) return {};
  limited_.add();
  return fail(Errc::rate_limited,
              "the whole state was asked for too often on this connection; ask again in " +
                  std::to_string(wait.count()) + " ms");
}

Result<bool> Broadcaster::catch_up(socketio::Socket& socket, Peer& peer, domain::Revision revision) {
  const auto to = current(peer.who.environment);
  const bool told_all = told(peer) == to->revision();
  if (told_all && revision >= peer.sent && revision <= to->revision()) return false;
  const auto from = model_.at(peer.who.environment, revision);
  const auto was = from == nullptr ? nullptr : from->find<domain::Client>(peer.who.id);
  const auto is = to->find<domain::Client>(peer.who.id);
  const bool known = was != nullptr && is != nullptr;
  if (known && from->revision() >= to->revision()) return false;
  const bool on_its_way = peer.behind != nullptr;
  if (!known || (on_its_way && revision < peer.behind->revision())) {
    if (auto may = take_full_state(peer); !may) return tl::unexpected(may.error());
    peer.behind = out_of_reach_;
  } else if (!on_its_way) {
    domain::ClientView then(*from, *was, peer.context.get());
    domain::ClientView now(*to, *is, peer.context.get());
    if (domain::diff_client_view(then, now, Step::merged).empty()) return false;
    peer.sent = told(peer);
    take_client(socket, peer, was);
    peer.behind = from;
  }
  // Not at once: who asks again and again, or does not read, is brought here once, as after a push.
  shard_.post([this, to_whom = socket.weak_from_this()] {
    const auto still = to_whom.lock();
    if (still != nullptr && still->connected()) on_drained(*still);
  });
  return true;
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
  // What it was told beyond the revision that it says it has may be on its way to it, and gone since.
  const bool told_more = from->revision() < peer->sent;
  if (from == out_of_reach_ || (told_more && current(peer->who.environment)->revision() != peer->sent)) {
    send_whole_view(socket, *peer, "catch_up_out_of_reach");
  } else {
    advance(socket, *peer, from);
  }
}

void Broadcaster::recheck_clients(const changes::Commit& commit) {
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

void Broadcaster::recheck_admins(const changes::Commit& commit) {
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
