#include "realtime/telemetry/rollout_wire.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace togglecast::realtime {
namespace {

using delivery::Laggard;
using delivery::Lagging;
using delivery::RolloutCounts;
using delivery::RolloutNode;
using delivery::Rollouts;
using delivery::RolloutSummary;
using delivery::Stage;
using delivery::StageTimes;

constexpr std::size_t kMostAsked = 2'000;     // changes in a question
constexpr std::size_t kMostLaggards = 1'001;  // in an answer
constexpr std::array kReached{Stage::sent, Stage::received, Stage::applied};
constexpr std::array kLagging{Stage::concerned, Stage::sent, Stage::received};
constexpr std::array<std::string_view, 2> kTransports{"websocket", "polling"};

template <typename T>
T number_in(const json::value& object, std::string_view name) {
  const auto* given = json::find(object, name);
  const auto number = given == nullptr ? std::nullopt : domain::integer_in(*given);
  if (!number || *number < 0) return 0;
  constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<T>::max());
  return static_cast<T>(std::min(static_cast<std::uint64_t>(*number), kMost));
}

const json::array* list_in(const json::value& object, std::string_view name) {
  const auto* given = json::find(object, name);
  return given == nullptr ? nullptr : given->if_array();
}

std::uint32_t number_at(const json::array& list, std::size_t index) {
  const auto number = index < list.size() ? domain::integer_in(list[index]) : std::nullopt;
  return number && *number > 0 && *number <= std::numeric_limits<std::uint32_t>::max()
             ? static_cast<std::uint32_t>(*number)
             : 0;
}

bool is_true(const json::value& object, std::string_view name) {
  const auto* given = json::find(object, name);
  return given != nullptr && given->is_bool() && given->get_bool();
}

json::array triple(const std::array<std::uint32_t, 3>& numbers) {
  return {numbers[0], numbers[1], numbers[2]};
}

// `{last, buckets: [bucket, times, bucket, times, …]}`: few are not empty.
json::object times_in_json(const StageTimes& times) {
  json::array buckets;
  const auto& all = times.buckets();
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i] == 0) continue;
    buckets.emplace_back(i);
    buckets.emplace_back(all[i]);
  }
  return {{"last", times.last().value_or(0)}, {"buckets", std::move(buckets)}};
}

StageTimes times_in(const json::value& wire) {
  StageTimes times;
  if (const auto* buckets = list_in(wire, "buckets"))
    for (std::size_t i = 0; i + 1 < buckets->size() && i < 2 * StageTimes::kBuckets; i += 2)
      times.add_bucket(number_at(*buckets, i), number_at(*buckets, i + 1));
  times.raise_last(number_in<std::uint32_t>(wire, "last"));
  return times;
}

json::object summary_in_json(const RolloutSummary& summary) {
  const RolloutCounts& counts = summary.counts;
  json::array reached;
  for (const Stage stage : kReached) reached.push_back(times_in_json(counts.times(stage)));
  json::object out{{"epoch", summary.epoch},        {"committed_at", summary.committed_at.value},
                   {"age_ms", summary.age_ms},      {"open", summary.open},
                   {"concerned", counts.concerned}, {"superseded", triple(counts.superseded)},
                   {"gone", triple(counts.gone)},   {"reached", std::move(reached)},
                   {"resumed", counts.resumed}};
  if (summary.offline) {
    out["clients"] = summary.clients;
    out["offline"] = *summary.offline;
  }
  return out;
}

RolloutSummary summary_in(const json::value& wire, domain::Revision revision) {
  RolloutSummary summary;
  summary.revision = summary.told_as = revision;
  summary.epoch = number_in<std::int64_t>(wire, "epoch");
  summary.committed_at = {number_in<std::int64_t>(wire, "committed_at")};
  summary.age_ms = number_in<std::uint32_t>(wire, "age_ms");
  summary.open = is_true(wire, "open");
  RolloutCounts& counts = summary.counts;
  counts.concerned = number_in<std::uint32_t>(wire, "concerned");
  counts.resumed = number_in<std::uint32_t>(wire, "resumed");
  const auto* superseded = list_in(wire, "superseded");
  const auto* gone = list_in(wire, "gone");
  const auto* reached = list_in(wire, "reached");
  for (std::size_t i = 0; i < kReached.size(); ++i) {
    if (superseded != nullptr) counts.superseded[i] = number_at(*superseded, i);
    if (gone != nullptr) counts.gone[i] = number_at(*gone, i);
    if (reached != nullptr && i < reached->size()) counts.reached[i] = times_in((*reached)[i]);
  }
  if (json::find(wire, "offline") != nullptr) {
    summary.clients = number_in<std::size_t>(wire, "clients");
    summary.offline = number_in<std::size_t>(wire, "offline");
  }
  return summary;
}

// A client with connections at two nodes is online at both: then more are offline than the sum says.
void add_offline(RolloutSummary& sum, const RolloutSummary& more) {
  if (!sum.offline || !more.offline) {
    sum.offline.reset();
    return;
  }
  const std::size_t all = std::max(sum.clients, more.clients);
  const std::size_t online = sum.clients - std::min(sum.clients, *sum.offline) + more.clients -
                             std::min(more.clients, *more.offline);
  sum.clients = all;
  sum.offline = all - std::min(all, online);
}

void add_summary(std::optional<RolloutSummary>& sum, const RolloutSummary& more) {
  if (!sum) {
    sum = more;  // this node began after the change
    return;
  }
  sum->counts.add(more.counts);
  sum->open = sum->open || more.open;
  add_offline(*sum, more);
}

}  // namespace

json::object to_wire(const Rollouts::Asked& asked) {
  json::object wire;
  for (const auto& [environment, revisions] : asked)
    wire[environment] = json::array(revisions.begin(), revisions.end());
  return wire;
}

Rollouts::Asked asked_in(const json::object& wire) {
  Rollouts::Asked asked;
  std::size_t most = kMostAsked;
  for (const auto& member : wire) {
    if (!member.value().is_array() || !domain::is_key(member.key())) continue;
    auto& revisions = asked[std::string(member.key())];
    for (const json::value& given : member.value().get_array()) {
      if (most == 0) return asked;
      --most;
      revisions.push_back(std::max<std::int64_t>(0, domain::integer_in(given).value_or(0)));
    }
  }
  return asked;
}

json::object to_wire(const Rollouts::Found& found,
                     const std::function<domain::Revision(const std::string&)>& newest) {
  json::object wire;
  for (const auto& [environment, of] : found) {
    json::array changes;
    for (std::size_t i = 0; i < of.changes.size(); ++i) {
      json::object change;
      if (of.changes[i]) change = summary_in_json(*of.changes[i]);
      change["kept"] = of.changes[i].has_value();
      change["told"] = of.delivered.reach[i].told;
      change["acknowledged"] = of.delivered.reach[i].acknowledged;
      changes.push_back(std::move(change));
    }
    wire[environment] = json::object{{"revision", newest(environment)},
                                     {"admins", of.delivered.admins},
                                     {"clients", of.delivered.clients},
                                     {"changes", std::move(changes)}};
  }
  return wire;
}

void add_wire(Rollouts::Found& sums, const Rollouts::Asked& asked, const json::object& wire,
              const std::string& name) {
  const json::value all(wire);
  for (const auto& [environment, revisions] : asked) {
    auto& sum = sums[environment];
    const auto* part = json::find(all, environment);
    if (part == nullptr) continue;
    delivery::DeliveryCounts delivered;
    delivered.admins = number_in<std::size_t>(*part, "admins");
    delivered.clients = number_in<std::size_t>(*part, "clients");
    delivered.reach.resize(revisions.size());
    const auto newest = number_in<domain::Revision>(*part, "revision");
    const auto* changes = list_in(*part, "changes");
    for (std::size_t i = 0; i < revisions.size() && changes != nullptr && i < changes->size(); ++i) {
      const json::value& change = (*changes)[i];
      delivered.reach[i] = {number_in<std::size_t>(change, "told"),
                            number_in<std::size_t>(change, "acknowledged")};
      RolloutNode node{name, RolloutNode::State::counted, 0, 0};
      if (is_true(change, "kept")) {
        const RolloutSummary more = summary_in(change, revisions[i]);
        node.concerned = more.counts.concerned;
        node.received = more.counts.times(Stage::received).count();
        add_summary(sum.changes[i], more);
      } else if (sum.changes[i] && newest < revisions[i]) {
        sum.changes[i]->open = true;  // it is on its way there
      }
      if (sum.changes[i]) sum.changes[i]->nodes.push_back(std::move(node));
    }
    sum.delivered.add(delivered);
  }
}

json::object to_wire(const Lagging& lagging) {
  json::array first;
  for (const auto& [key, one] : lagging.first)
    first.push_back(json::array{one.client, one.connection, one.client_key, one.client_name, one.transport,
                                to_string(one.stage), one.reached_ms});
  return {{"total", lagging.total}, {"laggards", std::move(first)}};
}

Lagging lagging_in(const json::object& wire, const std::string& name) {
  Lagging lagging;
  const json::value all(wire);
  lagging.total = number_in<std::size_t>(all, "total");
  const auto* first = list_in(all, "laggards");
  for (std::size_t i = 0; first != nullptr && i < first->size() && i < kMostLaggards; ++i) {
    const auto* row = (*first)[i].if_array();
    if (row == nullptr || row->size() < 7) continue;
    const auto text = [row](std::size_t at) {
      const auto* given = (*row)[at].if_string();
      return given == nullptr ? std::string() : std::string(*given);
    };
    Laggard one;
    one.client = domain::integer_in((*row)[0]).value_or(0);
    one.connection = text(1);
    one.client_key = text(2);
    one.client_name = text(3);
    for (const std::string_view transport : kTransports)
      if (text(4) == transport) one.transport = transport;
    for (const Stage stage : kLagging)
      if (text(5) == to_string(stage)) one.stage = stage;
    one.reached_ms = number_at(*row, 6);
    one.node = name;
    lagging.first.emplace(delivery::LaggardKey{one.client, one.connection}, std::move(one));
  }
  return lagging;
}

}  // namespace togglecast::realtime
