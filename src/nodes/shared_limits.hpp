// Limits that hold over all nodes: each node tells what was spent at it, and counts what the others tell.
// Without other nodes they are limits of this one. See docs/decisions/0047.
//
//   topic spent     {"changes": [[admin, units], …], "announcements": […]}   what admins spent, a few times a
//                                                                            second
//   topic logins    {"account", "exists", "address", "opened"}               a password that was checked
//   topic clients   {"production": [[client, connections], …]}               the clients with most
//                                                                            connections, once a second
//
// Thread rule: `share…` by the owner before `start`; the rest from any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "nodes/courier.hpp"
#include "service/accounts/admin_rates.hpp"
#include "service/accounts/admin_service.hpp"

namespace togglecast::nodes {

/// Connections by environment and client.
using ClientConnections = std::map<std::string, std::unordered_map<domain::Id, std::uint32_t>>;

class SharedLimits {
 public:
  static constexpr Milliseconds kInterval{250};       ///< between two messages about what was spent
  static constexpr std::size_t kMostClients = 1'000;  ///< of which a node tells the connections

  /// Adds up what the others spend; both must outlive it.
  SharedLimits(Courier& courier, net::Shard& home, const Clock& clock);
  SharedLimits(const SharedLimits&) = delete;
  SharedLimits& operator=(const SharedLimits&) = delete;
  ~SharedLimits() = default;

  /// Must live until `stop`.
  void share(service::AdminRates& rates);
  void share(service::AdminService& logins);
  struct Clients {
    /// At most so many clients, those with most connections here.
    std::function<ClientConnections(std::size_t most)> own;
    std::function<void(ClientConnections others)> take;
  };
  void share_clients(Clients clients) { clients_ = std::move(clients); }
  void start();
  void stop();

  /// With each beacon. `others`: whether there are any.
  void tell_clients(bool others);
  /// The counts of this node do not hold any more.
  void forget(const std::string& node);

 private:
  void tell_spent();
  void take_spent(const json::object& body);
  void take_login(const json::object& body);
  void take_clients(const std::string& node, const json::object& body);
  void add_up();

  Courier& courier_;
  net::Shard& home_;
  const Clock& clock_;
  std::vector<service::AdminRates*> rates_;
  service::AdminService* logins_ = nullptr;
  Clients clients_;
  net::CallbackTimer timer_;   // of the home shard
  bool told_clients_ = false;  // of the home shard

  std::mutex mutex_;                                    // for what follows
  std::map<std::string, ClientConnections> elsewhere_;  // by node
  bool stopped_ = false;
};

}  // namespace togglecast::nodes
