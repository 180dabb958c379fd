// What a node says of itself once a second, as JSON. Thread rule: plain values and pure functions.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/json.hpp"
#include "domain/schema/ids.hpp"
#include "service/cluster/cluster_view.hpp"

namespace togglecast::nodes {

/// One environment, as the node has it.
struct EnvironmentBeacon {
  std::int64_t epoch = 0;
  domain::Revision revision = 0;
  service::ConnectionCounts connections;
  UnixMillis status_at{};  ///< of the newest system status that it knows; 0: none was sent

  /// What the other has is older.
  [[nodiscard]] bool is_ahead_of(const EnvironmentBeacon& other) const noexcept {
    return epoch != other.epoch ? epoch > other.epoch : revision > other.revision;
  }
};

/// How often something happened at a node.
struct Rate {
  std::int64_t total = 0;  ///< since its start
  std::int64_t last_minute = 0;
  double per_second = 0;
};
using Rates = std::map<std::string, Rate>;  ///< by name
[[nodiscard]] json::object to_json(const Rates& rates);

struct Beacon {
  static constexpr std::size_t kMostRates = 16;
  static constexpr std::size_t kMostText = 200;  ///< bytes of name and version
  static constexpr std::size_t kMostEnvironments = 1'000;

  std::string name;
  std::string version;
  UnixMillis started_at{};
  bool draining = false;
  bool leaving = false;  ///< the last one of a node that stops
  double cpu = 0;        ///< cores that the process used in the last seconds
  double lag_ms = 0;     ///< the longest wait for a turn of a shard in the last minute
  Rates rates;           ///< of a node that tells them
  std::map<std::string, EnvironmentBeacon> environments;
};

[[nodiscard]] json::object to_json(const Beacon& beacon);
/// Ignores members that it does not know. `invalid_argument` for anything else than a beacon.
[[nodiscard]] Result<Beacon> read_beacon(const json::object& body);

}  // namespace togglecast::nodes
