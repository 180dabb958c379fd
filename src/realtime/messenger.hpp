// One shard's part of all that is sent beside the ordinary pushes: messages to an audience, the system's
// status, the activity of each commit, stored state once more, whole views; and the counting of who is there.
// Thread rule: its shard.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "changes/feed.hpp"
#include "realtime/broadcaster.hpp"
#include "realtime/census.hpp"
#include "realtime/courier.hpp"
#include "realtime/options.hpp"
#include "realtime/reported_metrics.hpp"
#include "service/messages/message_sender.hpp"

namespace togglecast::realtime {

/// The same event for both namespaces, encoded once.
struct MessagePackets {
  socketio::EncodedPacket for_admins;
  socketio::EncodedPacket for_clients;
};

class Messenger {
 public:
  using Chosen = std::function<bool(const Peer&)>;

  Messenger(net::Shard& shard, socketio::Namespace& admins, socketio::Namespace& clients,
            Broadcaster& broadcaster, const Options& options, observe::Counter& messages);

  // Each answers how many connections were addressed.
  std::size_t tell(const std::string& environment, const service::Audience& audience,
                   const MessagePackets& packets);
  std::size_t tell_admins(const std::string& room, const Chosen& chosen,
                          const socketio::EncodedPacket& packet);
  /// Tells it, and whoever connects from now on unless it is `ok`.
  std::size_t set_status(const std::string& environment, bool keep, const MessagePackets& packets);
  /// The stored entity at `current`: to admins as it is, to each client that sees it as it sees it.
  std::size_t send_entity(const EntityName& entity);
  std::size_t sync(const std::string& environment, const service::ConfigSync& sync);

  /// A connection was just admitted, and has been told its state.
  void greet(socketio::Socket& socket, const Peer& peer);
  /// After the broadcaster.
  void on_commit(const changes::Commit& commit);

  [[nodiscard]] Census census(const std::string& environment, const std::vector<domain::Revision>& revisions);
  [[nodiscard]] ReportedMetrics& reported() noexcept { return reported_; }

 private:
  using Visit = std::function<void(socketio::Socket&, Peer&)>;
  // What was encoded for others, by revision, admin or client, offset, and what is seen.
  using Known = std::map<std::tuple<domain::Revision, bool, Offsets, std::string>, Batch>;

  void each_client_of(const std::string& environment, const service::Audience& audience, const Visit& visit);
  bool tell_one(socketio::Socket& socket, const socketio::EncodedPacket& packet);
  void bring_entity(socketio::Socket& socket, const Peer& peer, const EntityName& entity, Known& known);

  net::Shard& shard_;
  socketio::Namespace& admins_;
  socketio::Namespace& clients_;
  Broadcaster& broadcaster_;
  const Options& options_;
  observe::Counter& messages_;
  Courier courier_;
  ReportedMetrics reported_;
  std::map<std::string, MessagePackets, std::less<>> status_;  // by environment, unless it is ok
};

/// One of each shard, by its index.
using Messengers = std::vector<std::unique_ptr<Messenger>>;

}  // namespace togglecast::realtime
