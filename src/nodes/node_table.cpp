#include "nodes/node_table.hpp"

#include <utility>

namespace togglecast::nodes {

NodeTable::Heard NodeTable::take(const std::string& id, Beacon beacon, std::map<std::string, Lag> lags,
                                 TimePoint now, UnixMillis wall) {
  const auto known = live_.find(id);
  if (beacon.leaving) {
    if (known == live_.end()) return Heard::ignored;
    end(known, true, wall);
    return Heard::left;
  }
  if (known == live_.end() && live_.size() >= kMostLive) return Heard::ignored;
  // A node that starts again has another id and its old name.
  std::erase_if(gone_, [&](const GoneNode& one) { return one.id == id || one.name == beacon.name; });
  live_[id] = LiveNode{std::move(beacon), now, wall, std::move(lags)};
  return known == live_.end() ? Heard::joined : Heard::again;
}

std::vector<GoneNode> NodeTable::expire(TimePoint now, UnixMillis wall) {
  std::vector<GoneNode> silent;
  for (auto node = live_.begin(); node != live_.end();) {
    const auto next = std::next(node);
    if (!is_live(node->second, now)) silent.push_back(end(node, false, wall));
    node = next;
  }
  std::erase_if(gone_, [&](const GoneNode& one) {
    return wall.value - one.gone_at.value > Milliseconds(kGoneShown).count();
  });
  return silent;
}

GoneNode NodeTable::end(std::map<std::string, LiveNode>::iterator node, bool left, UnixMillis wall) {
  const Beacon& beacon = node->second.beacon;
  GoneNode gone{node->first, beacon.name, beacon.version, beacon.started_at, wall, left};
  live_.erase(node);
  gone_.push_back(gone);
  if (gone_.size() > kMostGone) gone_.pop_front();
  return gone;
}

}  // namespace togglecast::nodes
