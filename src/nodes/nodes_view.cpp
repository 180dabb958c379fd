// What a node tells of all nodes. The rest of Nodes is in nodes.cpp.
#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "domain/schema/environment.hpp"
#include "nodes/nodes.hpp"

namespace togglecast::nodes {
namespace {

json::object lag_in_json(const std::optional<Lag>& lag) {
  const Lag known = lag.value_or(Lag{});
  return {{"lag_revisions", known.revisions}, {"lag_ms", known.time.count()}};
}

std::string_view state_of(const Beacon& beacon) { return beacon.draining ? "draining" : "live"; }

json::object node_in_json(const std::string& id, const Beacon& beacon, UnixMillis heard_at,
                          const std::map<std::string, Lag>& lags) {
  json::object environments;
  for (const auto& [key, one] : beacon.environments) {
    const auto lag = lags.find(key);
    json::object entry = lag_in_json(lag == lags.end() ? std::nullopt : std::optional(lag->second));
    entry["epoch"] = one.epoch;
    entry["revision"] = one.revision;
    if (key != domain::kSystemEnvironment) {
      entry["admins"] = one.connections.admins;
      entry["clients"] = one.connections.clients;
    }
    environments[key] = std::move(entry);
  }
  return {{"id", id},
          {"name", beacon.name},
          {"state", state_of(beacon)},
          {"version", beacon.version},
          {"started_at", to_iso8601(beacon.started_at)},
          {"heard_at", to_iso8601(heard_at)},
          {"load", {{"cpu", beacon.cpu}, {"lag_ms", beacon.lag_ms}}},
          {"rates", to_json(beacon.rates)},
          {"environments", std::move(environments)}};
}

json::object gone_in_json(const GoneNode& gone) {
  return {{"id", gone.id},
          {"name", gone.name},
          {"state", gone.left ? "left" : "gone"},
          {"version", gone.version},
          {"started_at", to_iso8601(gone.started_at)},
          {"gone_at", to_iso8601(gone.gone_at)}};
}

json::object bus_in_json(const cluster::BusHealth& health) {
  json::object out{{"kind", health.state == cluster::BusState::local ? "local" : "shared"},
                   {"status", to_string(health.state)}};
  if (!health.problem.empty()) out["problem"] = health.problem;
  return out;
}

json::object in_json(const service::ConnectionCounts& counts) {
  return {{"admins", counts.admins}, {"clients", counts.clients}};
}

}  // namespace

json::object Nodes::describe() const {
  const Beacon own = own_beacon();
  std::map<std::string, service::ConnectionCounts> connections;
  std::map<std::string, Lag> own_lags;
  const auto add = [&](const Beacon& beacon) {
    for (const auto& [key, one] : beacon.environments)
      if (key != domain::kSystemEnvironment) connections[key].add(one.connections);
  };
  json::array nodes;
  add(own);
  const UnixMillis wall = clock_.wall_now();
  std::vector<std::pair<std::string, LiveNode>> live;
  std::deque<GoneNode> gone;
  {
    const std::scoped_lock lock(mutex_);
    gone = table_.gone();
    for (const auto& [id, node] : table_.live()) {
      if (table_.is_live(node, clock_.now())) {
        live.emplace_back(id, node);
      } else {
        gone.push_back(
            {id, node.beacon.name, node.beacon.version, node.beacon.started_at, node.heard_at, false});
      }
    }
  }
  // Behind another node by what its last beacon said.
  for (const auto& [id, node] : live) {
    add(node.beacon);
    for (const auto& [key, one] : node.beacon.environments) {
      const auto mine = own.environments.find(key);
      if (mine == own.environments.end() || one.epoch != mine->second.epoch) continue;
      const domain::Revision behind = one.revision - mine->second.revision;
      Lag& lag = own_lags[key];
      if (behind <= lag.revisions) continue;
      lag = {behind, Milliseconds{std::max<std::int64_t>(0, wall.value - node.heard_at.value)}};
    }
  }
  json::object self = node_in_json(bus_.node(), own, wall, own_lags);
  self["self"] = true;
  nodes.push_back(std::move(self));
  for (const auto& [id, node] : live) {
    nodes.push_back(node_in_json(id, node.beacon, node.heard_at, node.lags));
    nodes.back().get_object()["self"] = false;
  }
  for (const GoneNode& node : gone) {
    nodes.push_back(gone_in_json(node));
    nodes.back().get_object()["self"] = false;
  }
  json::object sums;
  for (const auto& [key, counts] : connections) sums[key] = in_json(counts);
  return {{"node", bus_.node()},
          {"server_time", to_iso8601(wall)},
          {"bus", options_.describe_bus ? options_.describe_bus() : bus_in_json(bus_.health())},
          {"live", live.size() + 1},
          {"connections", std::move(sums)},
          {"leases", leases()},
          {"nodes", std::move(nodes)}};
}

// A holder of another kind, such as a command that moves the store, is a name without an id.
json::object Nodes::leases() const {
  const storage::LeaseState seen = application_.upkeep().seen();
  if (seen.holder.empty()) return {};
  const auto slash = seen.holder.rfind('/');
  json::object holder{{"name", seen.holder.substr(0, slash)}, {"number", seen.number}};
  if (slash != std::string::npos) holder["node"] = seen.holder.substr(slash + 1);
  return {{changes::kUpkeepLease, std::move(holder)}};
}

void Nodes::add_rates(json::object& own) const {
  const std::scoped_lock lock(mutex_);
  for (const auto& [id, node] : table_.live()) {
    if (!table_.is_live(node, clock_.now())) continue;
    for (const auto& [name, rate] : node.beacon.rates) {
      auto* sum = own.if_contains(name);
      if (sum == nullptr || !sum->is_object()) continue;
      Rate both = rate;
      both.total += domain::integer_in(sum->at("total")).value_or(0);
      both.last_minute += domain::integer_in(sum->at("last_minute")).value_or(0);
      both.per_second += sum->at("per_second").to_number<double>();
      *sum = to_json(Rates{{name, both}}).at(name);
    }
  }
}

service::ConnectionCounts Nodes::connections(const std::string& environment) const {
  service::ConnectionCounts sum;
  if (local_.connections) sum = local_.connections(environment);
  const std::scoped_lock lock(mutex_);
  for (const auto& [id, node] : table_.live()) {
    const auto found = node.beacon.environments.find(environment);
    if (found != node.beacon.environments.end() && table_.is_live(node, clock_.now()))
      sum.add(found->second.connections);
  }
  return sum;
}

}  // namespace togglecast::nodes
