// The nodes of the installation: servers that share one store. `ClusterView` is a port: `nodes` implements
// it, and every entrance may ask it. Thread rule: any thread; `done` runs on any thread, or within the call.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "base/json.hpp"
#include "domain/schema/ids.hpp"

namespace togglecast::service {

/// Connections that are logged in, in one environment.
struct ConnectionCounts {
  std::size_t admins = 0, clients = 0;

  void add(const ConnectionCounts& other) noexcept {
    admins += other.admins;
    clients += other.clients;
  }
  friend bool operator==(const ConnectionCounts&, const ConnectionCounts&) = default;
};

class ClusterView {
 public:
  virtual ~ClusterView() = default;

  /// `{node, bus, nodes, connections, leases}`: this node, the others as they last described themselves, and
  /// those that went away a short time ago.
  [[nodiscard]] virtual json::object describe() const = 0;
  /// How many nodes are live, this one included.
  [[nodiscard]] virtual std::size_t size() const = 0;
  /// Of all live nodes together.
  [[nodiscard]] virtual ConnectionCounts connections(const std::string& environment) const = 0;

  /// Adds to `own`, `{name: {total, last_minute, per_second}}`, what the other live nodes say of theirs.
  virtual void add_rates(json::object& own) const = 0;

  using Found = std::function<void(json::object found)>;
  /// `{client_id, connections, nodes: [{id, name, connections, heartbeats: [{id, transport, last_seen_ms,
  /// round_trip_ms, unanswered_ms}]}], missing: [name]}`: which nodes hold the connections of a client, and
  /// when each was last heard. `missing` names the nodes that did not answer in time.
  virtual void find_connections(const std::string& environment, domain::Id client, Found done) const = 0;
};

}  // namespace togglecast::service
