#include "realtime/messages/cluster_presence.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

namespace togglecast::realtime {
namespace {

constexpr Milliseconds kAgain{1'000};
constexpr std::size_t kLongestName = 200;

Viewers viewers_in(const json::value& entity) {
  Viewers viewers;
  const auto* given = json::find(entity, "viewers");
  if (given == nullptr || !given->is_array()) return viewers;
  for (const json::value& one : given->get_array()) {
    if (!one.is_array() || one.get_array().size() < 2 || !one.get_array()[1].is_string()) continue;
    const auto id = domain::integer_in(one.get_array()[0]);
    const std::string_view name = one.get_array()[1].get_string();
    // Absent from a node of an older version: those look.
    const auto* editing = one.get_array().size() < 3 ? nullptr : one.get_array()[2].if_bool();
    if (id && *id > 0 && name.size() <= kLongestName)
      add_viewer(viewers, *id, {std::string(name), editing != nullptr && *editing});
  }
  return viewers;
}

}  // namespace

json::object to_wire(const std::map<EntityRef, Viewers>& list, std::size_t most_entities,
                     std::size_t most_viewers) {
  json::array entities;
  for (const auto& [entity, viewers] : list) {
    if (entities.size() == most_entities) break;
    json::array told;
    for (const auto& [id, viewer] : viewers) {
      if (told.size() == most_viewers) break;
      told.push_back(json::array{id, viewer.name, viewer.editing});
    }
    entities.push_back(json::object{{"environment", entity.environment},
                                    {"type", type_of(entity)},
                                    {"id", entity.id},
                                    {"viewers", std::move(told)}});
  }
  return {{"entities", std::move(entities)}};
}

std::map<EntityRef, Viewers> presence_in(const json::object& body) {
  std::map<EntityRef, Viewers> list;
  const auto* given = body.if_contains("entities");
  if (given == nullptr || !given->is_array()) return list;
  for (const json::value& one : given->get_array()) {
    EntityRef entity;
    entity.environment = std::string(json::string_or_empty(one, "environment"));
    const std::string_view type = json::string_or_empty(one, "type");
    const auto kind = domain::parse_kind(type);
    entity.is_change = type == kChangeType;
    if (kind) entity.kind = *kind;
    const auto* id_given = json::find(one, "id");
    const auto id = id_given == nullptr ? std::nullopt : domain::integer_in(*id_given);
    if (!id || (!kind && !entity.is_change) || !domain::is_key(entity.environment)) continue;
    entity.id = *id;
    if (auto viewers = viewers_in(one); !viewers.empty()) list[entity] = std::move(viewers);
    if (list.size() == ClusterPresence::kMostEntities) break;
  }
  return list;
}

ClusterPresence::ClusterPresence(net::ShardPool& shards, nodes::Nodes* nodes, Changed changed)
    : shards_(shards), nodes_(nodes), changed_(std::move(changed)), timer_([this] {
        expire();
        if (!own_.empty()) tell();
        if (!own_.empty() || !others_.empty()) shards_.at(0).arm(timer_, kAgain);
      }) {
  if (nodes_ == nullptr) return;
  nodes_->courier().on("presence", [this](const std::string& node, const json::object& body) {
    shards_.at(0).post([this, node, list = presence_in(body)]() mutable { take(node, std::move(list)); });
  });
}

void ClusterPresence::set_own(const EntityRef& entity, const Viewers& viewers) {
  if (nodes_ == nullptr) return;
  const auto known = own_.find(entity);
  if (known == own_.end() ? viewers.empty() : known->second == viewers) return;
  if (viewers.empty()) {
    own_.erase(known);
  } else {
    own_[entity] = viewers;
  }
  tell();
  if (!timer_.armed()) shards_.at(0).arm(timer_, kAgain);
}

void ClusterPresence::add_others(const EntityRef& entity, Viewers& viewers) const {
  for (const auto& [node, list] : others_)
    if (const auto found = list.find(entity); found != list.end()) add_viewers(viewers, found->second);
}

void ClusterPresence::tell() {
  if (nodes_->size() > 1) nodes_->courier().tell("presence", to_wire(own_, kMostEntities, kMostViewers));
}

void ClusterPresence::take(const std::string& node, List list) {
  const bool known = others_.contains(node);
  if (!known && (list.empty() || others_.size() == nodes::NodeTable::kMostLive)) return;
  replace(others_[node], std::move(list));
  if (others_[node].empty()) others_.erase(node);
  if (!timer_.armed()) shards_.at(0).arm(timer_, kAgain);
}

void ClusterPresence::replace(List& before, List after) {
  std::vector<EntityRef> touched;
  for (const auto& [entity, viewers] : before) {
    const auto now = after.find(entity);
    if (now == after.end() || now->second != viewers) touched.push_back(entity);
  }
  for (const auto& [entity, viewers] : after)
    if (!before.contains(entity)) touched.push_back(entity);
  before = std::move(after);
  for (const EntityRef& entity : touched) changed_(entity);
}

void ClusterPresence::expire() {
  const auto live = nodes_->others();
  for (auto one = others_.begin(); one != others_.end();) {
    const bool is_live = std::any_of(live.begin(), live.end(),
                                     [&](const nodes::Nodes::Name& node) { return node.id == one->first; });
    if (!is_live) replace(one->second, {});
    one = is_live ? std::next(one) : others_.erase(one);
  }
}

}  // namespace togglecast::realtime
