#include "delivery/rollouts.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "delivery/collect.hpp"
#include "domain/schema/environment.hpp"

namespace togglecast::delivery {
namespace {

using domain::Id;
using domain::Revision;

constexpr std::size_t kLooksPerTurn = 1'024;  // subscribers, by a search for laggards

std::vector<double> rollout_buckets() {
  return {0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60};
}

observe::Histogram* rollout_seconds(observe::Metrics& metrics, Stage stage) {
  return &metrics.histogram("togglecast_rollout_seconds",
                            "Time from a commit until a connection that it concerns has reached a stage.",
                            rollout_buckets(), {{"stage", std::string(to_string(stage))}});
}

// The clients that a change may concern and that still exist; nothing: all of them.
std::optional<std::vector<Id>> concerned_by(const changes::Commit& commit) {
  using domain::Relation;
  const domain::Impact& impact = commit.impact;
  if (!impact.platforms.empty()) return std::nullopt;
  std::vector<Id> clients;
  std::vector<Id> packages;
  const auto append = [](std::vector<Id>& to, const std::vector<Id>& from) {
    to.insert(to.end(), from.begin(), from.end());
  };
  const auto unique = [](std::vector<Id>& ids) {
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  };
  const domain::Snapshot& after = *commit.after;
  for (const Id client : impact.clients)
    if (after.peek<domain::Client>(client) != nullptr) clients.push_back(client);
  for (const auto& package : impact.packages) packages.push_back(package.package);
  for (const Id feature : impact.features) {
    append(packages, commit.before->links().users(Relation::assignment, feature));
    append(packages, after.links().users(Relation::assignment, feature));
    append(clients, after.links().users(Relation::client_override, feature));
  }
  unique(packages);
  for (const Id package : packages) append(clients, after.links().users(Relation::subscriber, package));
  unique(clients);
  return clients;
}

std::string cursor_of(Id client, std::string_view connection) {
  return std::to_string(client) + '.' + std::string(connection);
}

Result<std::pair<Id, std::string>> read_cursor(std::string_view cursor) {
  std::pair<Id, std::string> key{0, {}};
  if (cursor.empty()) return key;
  const auto [end, error] = std::from_chars(cursor.data(), cursor.data() + cursor.size(), key.first);
  const auto at = static_cast<std::size_t>(end - cursor.data());
  if (error != std::errc{} || at >= cursor.size() || cursor[at] != '.')
    return fail(Errc::invalid_argument, "the cursor is not one of this list");
  key.second = cursor.substr(at + 1);
  return key;
}

}  // namespace

std::string_view to_string(RolloutNode::State state) noexcept {
  switch (state) {
    case RolloutNode::State::counted:
      return "counted";
    case RolloutNode::State::missing:
      return "missing";
    case RolloutNode::State::gone:
      return "gone";
  }
  return "";
}

json::object to_json(const RolloutSummary& rollout) {
  const RolloutCounts& counts = rollout.counts;
  json::object out{{"concerned", counts.concerned},
                   {"sent", counts.times(Stage::sent).count()},
                   {"received", counts.times(Stage::received).count()},
                   {"applied", counts.times(Stage::applied).count()},
                   {"superseded", counts.superseded_before(Stage::received)},
                   {"gone", counts.gone_before(Stage::received)},
                   {"resumed", counts.resumed},
                   {"offline", rollout.offline ? json::value(*rollout.offline) : json::value(nullptr)},
                   {"open", rollout.open}};
  json::array missing;
  for (const RolloutNode& node : rollout.nodes)
    if (node.state != RolloutNode::State::counted) missing.emplace_back(node.name);
  if (!missing.empty()) out["missing_nodes"] = std::move(missing);
  return out;
}

std::optional<json::object> RolloutsOfEnvironment::progress(std::size_t index) const {
  if (!changes[index]) return std::nullopt;
  json::object out{{"connections", delivered.clients},
                   {"told", delivered.reach[index].told},
                   {"acknowledged", delivered.reach[index].acknowledged}};
  for (auto& member : to_json(*changes[index])) out[member.key()] = std::move(member.value());
  return out;
}

// Of one shard, by environment.
struct Rollouts::ShardPart {
  struct OfChange {
    Revision told_as = 0;
    bool distributed = true;                      // its push is over
    std::shared_ptr<const RolloutCounts> counts;  // null: over, or nobody is concerned
  };
  struct OfEnvironment {
    DeliveryCounts delivered;
    std::vector<OfChange> changes;
  };
  std::map<std::string, OfEnvironment> environments;
};

Rollouts::Rollouts(net::ShardPool& shards, const ShardDeliveries& deliveries, changes::WorkerPool& workers,
                   CountOnline online, Milliseconds patience, const Clock& clock, observe::Metrics& metrics)
    : shards_(shards),
      deliveries_(deliveries),
      workers_(workers),
      online_(std::move(online)),
      clock_(clock),
      options_{patience,
               this,
               {rollout_seconds(metrics, Stage::sent), rollout_seconds(metrics, Stage::received),
                rollout_seconds(metrics, Stage::applied)}} {}

TimePoint Rollouts::on_commit(const changes::CommitPtr& commit) {
  const domain::Head& head = commit->row.head;
  const Milliseconds late{clock_.wall_now().value - head.as_of.value};
  // In the shards' time, by which they count.
  const TimePoint committed =
      shards_.at(0).clock().now() - std::clamp(late, Milliseconds{0}, options_.patience);
  if (commit->row.environment == domain::kSystemEnvironment) return committed;
  {
    const std::scoped_lock lock(mutex_);
    Changes& changes = changes_[commit->row.environment];
    const auto [change, fresh] = changes.try_emplace(head.revision);
    if (!fresh) return change->second.committed;
    change->second.epoch = head.epoch;
    change->second.committed_at = head.as_of;
    change->second.committed = committed;
    change->second.closed.resize(shards_.size());
    if (!commit->impact.concerns_clients()) change->second.offline = 0;
    while (changes.size() > kKept) changes.erase(changes.begin());
  }
  if (commit->impact.concerns_clients()) count_offline(commit);
  return committed;
}

void Rollouts::forget(const std::string& environment) {
  const std::scoped_lock lock(mutex_);
  changes_.erase(environment);
}

// Not on the thread of the feed: there may be many.
void Rollouts::count_offline(const changes::CommitPtr& commit) {
  const bool taken = workers_.submit([this, commit] {
    const std::string& environment = commit->row.environment;
    const auto clients = concerned_by(*commit);
    const std::size_t all = clients ? clients->size() : commit->after->table<domain::Client>().by_id.size();
    const std::size_t online = online_(environment, clients ? &*clients : nullptr);
    const std::scoped_lock lock(mutex_);
    Changes& changes = changes_[environment];
    const auto change = changes.find(commit->row.head.revision);
    if (change == changes.end()) return;
    change->second.offline = all - std::min(all, online);
    change->second.clients = all;
  });
  (void)taken;  // too busy: the number stays unknown
}

void Rollouts::close(const std::string& environment, Revision revision, std::size_t shard,
                     const RolloutCounts& counts) {
  const std::scoped_lock lock(mutex_);
  Changes& changes = changes_[environment];
  const auto change = changes.find(revision);
  if (change == changes.end() || change->second.closed[shard]) return;
  if (change->second.counts == nullptr) change->second.counts = std::make_unique<RolloutCounts>();
  change->second.counts->add(counts);
  change->second.closed[shard] = true;
}

Rollouts::ShardPart Rollouts::part_of(const net::Shard& shard, const Asked& asked) const {
  ShardPart part;
  SubscriberIndex& index = deliveries_[shard.index()]->index();
  for (const auto& [environment, revisions] : asked) {
    auto& of = part.environments[environment];
    of.delivered = index.count(environment, revisions);
    of.changes.resize(revisions.size());
    const EnvironmentSubscribers* home = index.find(environment);
    for (std::size_t i = 0; home != nullptr && i < revisions.size(); ++i) {
      of.changes[i].told_as = home->rollouts.told_as(revisions[i]);
      of.changes[i].distributed = home->totals.settled() >= revisions[i];
      if (const RolloutCounts* counts = home->rollouts.counts(revisions[i]))
        of.changes[i].counts = std::make_shared<const RolloutCounts>(*counts);
    }
  }
  return part;
}

std::optional<RolloutSummary> Rollouts::join(const std::string& environment, std::size_t index,
                                             Revision revision, const std::vector<ShardPart>& parts) {
  const std::scoped_lock lock(mutex_);
  const Changes& changes = changes_[environment];
  const auto change = changes.find(revision);
  if (change == changes.end()) return std::nullopt;
  RolloutSummary summary;
  summary.revision = summary.told_as = revision;
  summary.epoch = change->second.epoch;
  summary.committed_at = change->second.committed_at;
  summary.offline = change->second.offline;
  summary.clients = change->second.clients;
  if (change->second.counts != nullptr) summary.counts = *change->second.counts;
  bool distributed = true;
  for (std::size_t shard = 0; shard < parts.size(); ++shard) {
    const auto& part = parts[shard].environments.at(environment).changes[index];
    distributed = distributed && part.distributed;
    summary.told_as = std::max(summary.told_as, part.told_as);
    // A shard may have closed it since it answered.
    if (part.counts != nullptr && !change->second.closed[shard]) summary.counts.add(*part.counts);
  }
  const auto age =
      std::chrono::duration_cast<Milliseconds>(shards_.at(0).clock().now() - change->second.committed);
  summary.age_ms = static_cast<std::uint32_t>(std::max<std::int64_t>(0, age.count()));
  summary.open = age <= options_.patience && !(distributed && summary.counts.settled());
  return summary;
}

Rollouts::Found Rollouts::join(const Asked& asked, const std::vector<ShardPart>& parts) {
  Found found;
  for (const auto& [environment, revisions] : asked) {
    auto& of = found[environment];
    for (const ShardPart& part : parts) of.delivered.add(part.environments.at(environment).delivered);
    for (std::size_t i = 0; i < revisions.size(); ++i)
      of.changes.push_back(join(environment, i, revisions[i], parts));
  }
  return found;
}

void Rollouts::find(const Asked& asked, std::function<void(Found)> done) {
  if (others_ == nullptr || !others_->any()) return find_here(asked, std::move(done));
  find_here(asked,
            [this, asked, done = std::move(done)](Found own) { others_->add(asked, std::move(own), done); });
}

void Rollouts::find_here(const Asked& asked, std::function<void(Found)> done) {
  collect_from_shards<ShardPart>(
      shards_,
      [this, asked](const net::Shard& shard, const std::function<void(ShardPart)>& answer) {
        answer(part_of(shard, asked));
      },
      [this, asked, done = std::move(done)](const std::vector<ShardPart>& parts) {
        find_merged(join(asked, parts), done);
      });
}

// Changes that were told as later ones have the sums of those.
void Rollouts::find_merged(Found found, std::function<void(Found)> done) {
  Asked later;
  for (const auto& [environment, of] : found)
    for (const auto& change : of.changes)
      if (change && change->told_as != change->revision) later[environment].push_back(change->told_as);
  if (later.empty()) return done(std::move(found));
  find_here(later, [found = std::move(found), done = std::move(done)](const Found& merged) mutable {
    for (const auto& [environment, of] : merged) {
      auto into = of.changes.begin();
      for (auto& change : found[environment].changes) {
        if (!change || change->told_as == change->revision) continue;
        if (*into) {
          change->told_as = (*into)->told_as;
          change->open = (*into)->open;
          change->counts = (*into)->counts;
        }
        ++into;
      }
    }
    done(std::move(found));
  });
}

void Rollouts::add_to(json::array entries, const std::string& environment,
                      std::function<void(json::array, DeliveryCounts)> done) {
  Asked asked;
  auto& revisions = asked[environment];
  for (const auto& entry : entries) revisions.push_back(domain::integer_in(entry.at("revision")).value_or(0));
  find(asked,
       [entries = std::move(entries), environment, done = std::move(done)](const Found& found) mutable {
         const auto& of = found.at(environment);
         for (std::size_t i = 0; i < entries.size(); ++i)
           if (auto progress = of.progress(i)) entries[i].as_object()["rollout"] = *std::move(progress);
         done(std::move(entries), of.delivered);
       });
}

Error Rollouts::not_kept(const std::string& environment, Revision revision) {
  const std::scoped_lock lock(mutex_);
  const Changes& changes = changes_[environment];
  std::string message = "the rollout of revision " + std::to_string(revision) +
                        " is no longer kept: the server keeps those of the last " + std::to_string(kKept) +
                        " changes since its start";
  if (!changes.empty()) message += ", now from revision " + std::to_string(changes.begin()->first) + " on";
  return {Errc::not_found, std::move(message), {}};
}

void Rollouts::report(const std::string& environment, Revision revision, const LaggardQuery& asked,
                      std::function<void(Result<RolloutReport>)> done) {
  auto after = read_cursor(asked.cursor);
  if (!after) return done(tl::unexpected(after.error()));
  LaggardQuery query = asked;
  const bool others = others_ != nullptr && others_->any();
  if (others) query.limit = std::min(query.limit, kMostFromNodes);
  find({{environment, {revision}}}, [this, others, environment, revision, query, after = *std::move(after),
                                     done = std::move(done)](const Found& found) {
    const auto& change = found.at(environment).changes.front();
    if (!change) return done(tl::unexpected(not_kept(environment, revision)));
    RolloutReport report{*change, {}, 0, {}};
    if (!change->open) return done(std::move(report));
    const auto finish = [report = std::move(report), limit = query.limit, done](Lagging lagging) mutable {
      report.laggards_total = lagging.total;
      for (auto& [key, laggard] : lagging.first) {
        if (report.laggards.size() == limit) {
          report.next_cursor = cursor_of(report.laggards.back().client, report.laggards.back().connection);
          break;
        }
        report.laggards.push_back(std::move(laggard));
      }
      done(std::move(report));
    };
    if (!others) return collect_laggards(environment, change->told_as, query, after, finish);
    find_laggards_here(environment, revision, query, after,
                       [this, environment, revision, query, after, finish](Lagging own) {
                         others_->add_laggards(environment, revision, query, after, std::move(own), finish);
                       });
  });
}

void Rollouts::find_laggards_here(const std::string& environment, Revision revision,
                                  const LaggardQuery& query, const LaggardKey& after,
                                  std::function<void(Lagging)> done) {
  find_here({{environment, {revision}}},
            [this, environment, query, after, done = std::move(done)](const Found& found) {
              const auto& change = found.at(environment).changes.front();
              if (!change || !change->open) return done({});
              collect_laggards(environment, change->told_as, query, after, done);
            });
}

// Looks at every client's connection of one shard, a part in each turn.
struct Rollouts::LaggardWalk {
  LaggardWalk(net::Shard& on, SubscriberGroup& clients) : shard(on), group(clients) {}

  void look_at(const Subscriber& subscriber) {
    const Receipt& receipt = subscriber.receipt();
    if (receipt.revision != revision || receipt.stage == Stage::none || receipt.stage >= below) return;
    ++found.total;
    const ConnectionName name = subscriber.name();
    LaggardKey key{subscriber.client()->id, name.id};
    if (key <= after) return;
    found.first.emplace(std::move(key), Laggard{subscriber.client()->id, name.id, subscriber.client()->key,
                                                subscriber.client()->name, name.transport, receipt.stage,
                                                receipt.reached_ms});
    if (found.first.size() > limit + 1) found.first.erase(std::prev(found.first.end()));
  }

  net::Shard& shard;
  GroupWalk group;
  Revision revision = 0;
  Stage below = Stage::received;
  std::size_t limit = 0;
  LaggardKey after;
  Lagging found;
  std::function<void(Lagging)> answer;
};

void Rollouts::walk(const std::shared_ptr<LaggardWalk>& walk) {
  for (std::size_t looks = 0; looks < kLooksPerTurn; ++looks) {
    const Subscriber* subscriber = walk->group.next();
    if (subscriber == nullptr) return walk->answer(std::move(walk->found));
    walk->look_at(*subscriber);
  }
  walk->shard.post([walk] { Rollouts::walk(walk); });
}

void Rollouts::collect_laggards(const std::string& environment, Revision told_as, const LaggardQuery& query,
                                const LaggardKey& after, std::function<void(Lagging)> done) {
  collect_from_shards<Lagging>(
      shards_,
      [this, environment, query, after, told_as](net::Shard& shard,
                                                 const std::function<void(Lagging)>& answer) {
        auto* home = deliveries_[shard.index()]->index().find(environment);
        if (home == nullptr) return answer({});
        auto begun = std::make_shared<LaggardWalk>(shard, home->clients);
        begun->revision = told_as;
        begun->below = query.below;
        begun->limit = query.limit;
        begun->after = after;
        begun->answer = answer;
        walk(begun);
      },
      [limit = query.limit, done = std::move(done)](std::vector<Lagging> parts) {
        Lagging all;
        for (Lagging& part : parts) {
          all.total += part.total;
          all.first.merge(part.first);
        }
        while (all.first.size() > limit + 1) all.first.erase(std::prev(all.first.end()));
        done(std::move(all));
      });
}

}  // namespace togglecast::delivery
