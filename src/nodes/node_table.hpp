// The other nodes, by their beacons: who is live, who is gone, how far each is behind. Time is an argument.
// Thread rule: plain values; the caller holds a lock.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "nodes/beacon.hpp"

namespace togglecast::nodes {

/// How far a node is behind the newest state that is known.
struct Lag {
  domain::Revision revisions = 0;
  Milliseconds time{};  ///< since the oldest change was committed that it does not have
};

struct LiveNode {
  Beacon beacon;
  TimePoint heard{};
  UnixMillis heard_at{};
  std::map<std::string, Lag> lags;  ///< by environment, when its last beacon came
};

struct GoneNode {
  std::string id;
  std::string name;
  std::string version;
  UnixMillis started_at{};
  UnixMillis gone_at{};
  bool left = false;  ///< it said so; else it fell silent
};

class NodeTable {
 public:
  static constexpr std::size_t kMostLive = 256;
  static constexpr std::size_t kMostGone = 32;
  static constexpr std::chrono::minutes kGoneShown{10};

  explicit NodeTable(Milliseconds patience) : patience_(patience) {}

  enum class Heard : std::uint8_t { again, joined, left, ignored };
  Heard take(const std::string& id, Beacon beacon, std::map<std::string, Lag> lags, TimePoint now,
             UnixMillis wall);
  /// Ends the nodes that have been silent for longer than the patience. Returns them.
  std::vector<GoneNode> expire(TimePoint now, UnixMillis wall);

  /// By id. Some may have been silent for too long since the last `expire`.
  [[nodiscard]] const std::map<std::string, LiveNode>& live() const noexcept { return live_; }
  [[nodiscard]] bool is_live(const LiveNode& node, TimePoint now) const noexcept {
    return now - node.heard <= patience_;
  }
  /// The newest ones, the oldest first.
  [[nodiscard]] const std::deque<GoneNode>& gone() const noexcept { return gone_; }

 private:
  GoneNode end(std::map<std::string, LiveNode>::iterator node, bool left, UnixMillis wall);

  Milliseconds patience_;
  std::map<std::string, LiveNode> live_;
  std::deque<GoneNode> gone_;
};

}  // namespace togglecast::nodes
