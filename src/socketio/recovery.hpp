// Connection state recovery: what a client missed while it was away, and who it was.
// Thread rule: calls are made one at a time (the namespace serialises them with the order of its events); an
// implementation needs no lock of its own unless it is shared.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/random.hpp"
#include "socketio/arguments.hpp"
#include "socketio/broadcast_options.hpp"

namespace togglecast::socketio {

struct RecoverableSession {
  std::string sid;
  std::string pid;                 ///< private id: a secret of the client
  std::vector<std::string> rooms;  ///< with the room of its own id
  json::value data;
};

struct RecoveredSession {
  RecoverableSession session;
  std::vector<Arguments> missed;  ///< events with their offsets, in order
};

class Recovery {
 public:
  virtual ~Recovery() = default;
  [[nodiscard]] virtual std::string new_pid() = 0;
  /// Keeps an event that is about to be sent and returns its offset, which becomes its last argument.
  [[nodiscard]] virtual std::string record(const Arguments& event, const BroadcastOptions& options,
                                           TimePoint now) = 0;
  /// Keeps a session whose connection was lost.
  virtual void save(RecoverableSession session, TimePoint now) = 0;
  /// Takes the session out, so that it is used at most once, with what it missed after `offset`.
  [[nodiscard]] virtual std::optional<RecoveredSession> take(std::string_view pid, std::string_view offset,
                                                             TimePoint now) = 0;
};

struct MemoryRecoveryOptions {
  Milliseconds max_disconnection{120'000};
  std::size_t max_events = 100'000;    ///< the oldest go first
  std::size_t max_sessions = 100'000;  ///< the oldest go first
};

/// In the memory of this process.
[[nodiscard]] std::unique_ptr<Recovery> memory_recovery(MemoryRecoveryOptions options = {});

}  // namespace togglecast::socketio
