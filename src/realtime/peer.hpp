// What the product knows of one connection: who it is, what it sees, and the revision it has been told.
// Thread rule: the socket's shard. Ownership: the socket (`socket.state<Peer>()`).
#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/token_bucket.hpp"
#include "domain/schema/kind.hpp"
#include "domain/state/snapshot.hpp"
#include "domain/state/view.hpp"
#include "net/timer_wheel.hpp"
#include "realtime/entity_name.hpp"
#include "realtime/message_queue.hpp"
#include "service/accounts/principal.hpp"

namespace togglecast::realtime {

/// What a connection says of itself; null: nothing.
using ContextPtr = std::shared_ptr<const json::object>;

struct Peer final : net::TimerNode {
  Peer(const MessageLimit& limit, std::function<void()> timer_callback)
      : messages(limit), on_due(std::move(timer_callback)) {}
  ~Peer() override = default;

  bool logged_in = false;
  bool offsets = true;           ///< false: `auth.offsets` asked for events without them
  bool warned = false;           ///< token_expiring was sent for the present token
  bool turned_away = false;      ///< it is about to be closed, and may come back
  bool heartbeat_waits = false;  ///< for its answer, with all that come meanwhile
  service::Principal who;
  std::shared_ptr<const domain::Client> client;  ///< of a client: as of what it has been told …
  bool active = false;                           ///< … and what pushes need of it at hand
  bool plain = true;                             ///< it has no overrides
  ContextPtr context;                            ///< of a client: what it says of itself; null: nothing
  domain::Kinds readable;                        ///< by an admin
  domain::Revision sent = 0;                     ///< what it has been told, or is being told
  domain::Revision acknowledged = 0;  ///< its receipt: what it says it has applied; never above `sent`
  domain::SnapshotPtr behind;         ///< the state it has, while its connection does not take more
  std::unique_ptr<std::vector<EntityName>> watching;  ///< by an admin; null: nothing
  MessageQueue messages;
  TokenBucket events;            ///< of those it may send
  TokenBucket full_states;       ///< of those it may ask for again
  std::function<void()> on_due;  ///< the login deadline, then the token's

  /// State has to wait: it is merged, not queued. As much as the kernel itself keeps unsent for a connection
  /// is no backlog to speak of: a polling client between two polls is not busy.
  [[nodiscard]] bool busy(std::size_t backlog) const noexcept {
    constexpr std::size_t kBusyBacklog = 16 * 1'024;
    return behind != nullptr || backlog > kBusyBacklog;
  }

 private:
  void on_timer(TimePoint) override { on_due(); }
};

}  // namespace togglecast::realtime
