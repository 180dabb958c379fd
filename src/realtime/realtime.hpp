// The real-time entrance of the product: namespaces `/admin` and `/client`, and the change feed on every
// shard. Thread rule: constructed before the shards start; `start` and `stop` by the thread that owns it.
#pragma once

#include <memory>
#include <vector>

#include "observe/log.hpp"
#include "observe/metrics.hpp"
#include "realtime/admin_namespace.hpp"
#include "realtime/broadcaster.hpp"
#include "realtime/client_namespace.hpp"
#include "realtime/dashboard.hpp"
#include "realtime/message_dispatcher.hpp"
#include "realtime/messenger.hpp"
#include "realtime/options.hpp"
#include "realtime/pulse.hpp"
#include "realtime/watchers.hpp"
#include "service/application.hpp"
#include "socketio/server.hpp"

namespace togglecast::realtime {

class Realtime {
 public:
  /// `io`, `product`, `clock`, `log` and `metrics` must outlive it.
  Realtime(net::ShardPool& shards, socketio::Server& io, service::Application& application,
           const Options& options, const Clock& clock, observe::Log& log, observe::Metrics& metrics);
  Realtime(const Realtime&) = delete;
  Realtime& operator=(const Realtime&) = delete;
  ~Realtime() { stop(); }

  /// Takes the state and follows the feed. Before the shards start.
  void start();
  /// Follows the feed no more.
  void stop() { subscription_.reset(); }

  /// What may be sent by hand; for other entrances.
  [[nodiscard]] service::MessageSender& messages() noexcept { return broadcasts_; }

 private:
  net::ShardPool& shards_;
  service::Application& application_;
  Options options_;
  Broadcasters broadcasters_;
  Messengers messengers_;
  MessageDispatcher broadcasts_;
  Pulse pulse_;
  Dashboard dashboard_;
  Watchers watchers_;
  House house_;
  AdminNamespace admins_;
  ClientNamespace clients_;
  changes::ChangeFeed::Subscription subscription_;
};

}  // namespace togglecast::realtime
