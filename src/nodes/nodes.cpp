#include "nodes/nodes.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <stdexcept>

#include "base/random.hpp"
#include "domain/schema/environment.hpp"

namespace togglecast::nodes {

std::string lease_holder(const std::string& name, const std::string& id) { return name + '/' + id; }

Nodes::Nodes(cluster::Bus& bus, net::ShardPool& shards, service::Application& application,
             const NodesOptions& options, const Clock& clock, observe::PeerLog log, observe::Metrics& metrics)
    : bus_(bus),
      shards_(shards),
      application_(application),
      options_(options),
      clock_(clock),
      log_(log),
      started_at_(clock.wall_now()),
      courier_(bus, shards.at(0), log, metrics),
      limits_(courier_, shards.at(0), clock),
      live_(metrics.gauge("togglecast_nodes", "Nodes that are live, this one included.")),
      lost_(metrics.counter("togglecast_nodes_lost_total", "Nodes that fell silent without taking leave.")),
      beacon_timer_([this] { beat(); }),
      head_timer_([this] {
        head_bucket_.charge(options_.heads, shards_.at(0).now(), 1);
        tell_heads();
      }),
      table_(options.patience) {
  live_.set(1);
  limits_.share(application.admins());
  courier_.on("beacon",
              [this](const std::string& node, const json::object& body) { take_beacon(node, body); });
  courier_.on("head", [this](const std::string&, const json::object& body) { take_head(body); });
  courier_.on("wake", [this](const std::string&, const json::object&) { application_.tail().notice(); });
  courier_.answer("client", [this](const json::object& question, const Courier::Answer& answer) {
    const json::value asked(question);
    const auto* id = json::find(asked, "client");
    const auto client = id == nullptr ? std::nullopt : domain::integer_in(*id);
    const std::string environment(json::string_or_empty(asked, "environment"));
    if (!client) return answer({{"connections", 0}});
    describe_client(environment, *client, answer);
  });
}

void Nodes::start() {
  if (alone() || running_.exchange(true)) return;
  courier_.start();
  limits_.start();
  feed_ = application_.feed().subscribe([this](const changes::CommitPtr& commit) {
    shards_.at(0).post([this, commit] { note_commit(*commit); });
  });
  shards_.at(0).post([this] { beat(); });
}

void Nodes::drain() {
  draining_ = true;
  if (running_) courier_.tell("beacon", to_json(own_beacon()));
}

void Nodes::stop() {
  if (!running_.exchange(false)) return;
  feed_.reset();
  Beacon last = own_beacon();
  last.leaving = true;
  courier_.tell("beacon", to_json(last));
  limits_.stop();
  courier_.stop();
}

Beacon Nodes::own_beacon() const {
  Beacon own;
  own.name = own_name();
  own.version = options_.version;
  own.started_at = started_at_;
  own.draining = draining_;
  own.lag_ms = local_.lag_ms ? local_.lag_ms() : 0;
  if (local_.rates) own.rates = local_.rates();
  {
    const std::scoped_lock lock(mutex_);
    own.cpu = cpu_;
  }
  const auto& model = application_.model();
  for (const std::string& key : model.environments()) {
    const auto state = model.current(key);
    EnvironmentBeacon& one = own.environments[key];
    one.epoch = state->head().epoch;
    one.revision = state->revision();
    if (local_.connections) one.connections = local_.connections(key);
    if (local_.status_at) one.status_at = local_.status_at(key);
  }
  return own;
}

void Nodes::beat() {
  if (!running_) return;
  net::Shard& home = shards_.at(0);
  const auto tenth = static_cast<std::uint64_t>(options_.interval.count()) / 10;
  const Milliseconds jitter{static_cast<std::int64_t>(random_below(home.random(), 2 * tenth + 1))};
  home.arm(beacon_timer_, options_.interval - Milliseconds{static_cast<std::int64_t>(tenth)} + jitter);
  measure_load();
  expire();
  courier_.tell("beacon", to_json(own_beacon()));
  limits_.tell_clients(!others().empty());
}

void Nodes::measure_load() {
  if (!options_.cpu_seconds) return;
  const TimePoint now = shards_.at(0).now();
  const double used = options_.cpu_seconds();
  const double passed = std::chrono::duration<double>(now - std::exchange(cpu_read_, now)).count();
  const double before = std::exchange(cpu_seconds_, used);
  if (before == 0 || passed <= 0) return;
  const std::scoped_lock lock(mutex_);
  cpu_ = (used - before) / passed;
}

// The newest state is this node's, unless the beacon shows a newer one.
std::map<std::string, Lag> Nodes::lags_of(const Beacon& beacon) const {
  std::map<std::string, Lag> lags;
  const auto& model = application_.model();
  for (const auto& [key, one] : beacon.environments) {
    const auto own = model.current(key);
    if (own == nullptr || own->head().epoch != one.epoch || own->revision() <= one.revision) continue;
    Lag& lag = lags[key];
    lag.revisions = own->revision() - one.revision;
    const auto missing = model.nearest(key, one.revision + 1);
    const UnixMillis since = missing == nullptr ? own->as_of() : missing->as_of();
    lag.time = Milliseconds{std::max<std::int64_t>(0, clock_.wall_now().value - since.value)};
  }
  return lags;
}

void Nodes::take_beacon(const std::string& node, const json::object& body) {
  auto beacon = read_beacon(body);
  if (!beacon) throw std::invalid_argument(beacon.error().message);  // the courier counts it
  auto lags = lags_of(*beacon);
  for (const auto& [key, one] : beacon->environments) {
    const auto own = application_.model().current(key);
    if (own == nullptr || one.is_ahead_of({own->head().epoch, own->revision(), {}, {}})) {
      application_.tail().notice();
      break;
    }
  }
  NodeTable::Heard heard{};
  {
    const std::scoped_lock lock(mutex_);
    heard = table_.take(node, *beacon, std::move(lags), clock_.now(), clock_.wall_now());
    live_.set(static_cast<std::int64_t>(table_.live().size()) + 1);
  }
  told_of(heard, *beacon);
  if (heard == NodeTable::Heard::left) limits_.forget(node);
  if (heard == NodeTable::Heard::ignored || heard == NodeTable::Heard::left) return;
  // A node that has just come knows nothing of this one.
  if (heard == NodeTable::Heard::joined && running_) courier_.tell("beacon", to_json(own_beacon()));
  for (const Watcher& watcher : watchers_) watcher(node, *beacon);
}

void Nodes::told_of(NodeTable::Heard heard, const Beacon& beacon) {
  const auto say = [&](std::string_view what) {
    log_.write(observe::Level::info, observe::Cause::known, what,
               {{"name", beacon.name}, {"version", beacon.version}});
  };
  if (heard == NodeTable::Heard::joined) say("another node is here");
  if (heard == NodeTable::Heard::left) say("another node has left");
}

void Nodes::expire() {
  std::vector<GoneNode> silent;
  {
    const std::scoped_lock lock(mutex_);
    silent = table_.expire(clock_.now(), clock_.wall_now());
    live_.set(static_cast<std::int64_t>(table_.live().size()) + 1);
  }
  for (const GoneNode& node : silent) {
    lost_.add();
    limits_.forget(node.id);
    log_.write(observe::Level::warn, observe::Cause::known, "another node fell silent and counts as gone",
               {{"name", node.name}, {"version", node.version}});
  }
}

void Nodes::take_head(const json::object& body) {
  const json::value told(body);
  const std::string key(json::string_or_empty(told, "environment"));
  const auto number = [&told](std::string_view name) {
    const auto* given = json::find(told, name);
    return given == nullptr ? std::nullopt : domain::integer_in(*given);
  };
  const auto epoch = number("epoch");
  const auto revision = number("revision");
  if (!epoch || !revision || !domain::is_key(key)) throw std::invalid_argument("it names no revision");
  const auto own = application_.model().current(key);
  if (own == nullptr || std::pair(own->head().epoch, own->revision()) < std::pair(*epoch, *revision))
    application_.tail().notice();
  const std::scoped_lock lock(mutex_);
  if (own == nullptr && heads_.size() >= Beacon::kMostEnvironments) return;
  auto& known = heads_[key];
  known = std::max(known, std::pair(*epoch, *revision));
}

// News of others is no news for them.
void Nodes::note_commit(const changes::Commit& commit) {
  const std::pair head(commit.row.head.epoch, commit.row.head.revision);
  {
    const std::scoped_lock lock(mutex_);
    if (table_.live().empty()) return;
    const auto known = heads_.find(commit.row.environment);
    if (known != heads_.end() && known->second >= head) return;
  }
  untold_heads_[commit.row.environment] = head;
  if (head_timer_.armed()) return;
  const Milliseconds wait = head_bucket_.take(options_.heads, shards_.at(0).now());
  if (wait == wait.zero()) return tell_heads();
  shards_.at(0).arm(head_timer_, wait);
}

void Nodes::tell_heads() {
  for (const auto& [key, head] : std::exchange(untold_heads_, {}))
    courier_.tell("head", {{"environment", key}, {"epoch", head.first}, {"revision", head.second}});
}

std::vector<Nodes::Name> Nodes::others() const {
  std::vector<Name> live;
  const std::scoped_lock lock(mutex_);
  for (const auto& [id, node] : table_.live())
    if (table_.is_live(node, clock_.now())) live.push_back({id, node.beacon.name});
  return live;
}

std::vector<std::string> Nodes::gone_since(UnixMillis time) const {
  std::vector<std::string> names;
  const std::scoped_lock lock(mutex_);
  for (const auto& [id, node] : table_.live())
    if (!table_.is_live(node, clock_.now())) names.push_back(node.beacon.name);
  for (const GoneNode& node : table_.gone())
    if (node.gone_at >= time) names.push_back(node.name);
  return names;
}

std::string Nodes::name_of(const std::string& id) const {
  const std::scoped_lock lock(mutex_);
  const auto found = table_.live().find(id);
  return found == table_.live().end() ? id : found->second.beacon.name;
}

void Nodes::ask_others(std::string_view topic, json::object question, Courier::Done done) const {
  std::vector<std::string> ids;
  for (const Name& one : others()) ids.push_back(one.id);
  courier_.ask(topic, std::move(question), ids, options_.answer_within,
               [this, done = std::move(done)](Courier::Answers answers) {
                 for (std::string& missing : answers.missing) missing = name_of(missing);
                 done(std::move(answers));
               });
}

void Nodes::wake_others() {
  if (!others().empty()) courier_.tell("wake", {});
}

}  // namespace togglecast::nodes
