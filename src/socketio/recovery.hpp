// Connection state recovery: the session of a client that lost its connection, and the events that it missed.
// Thread rule: the namespace makes one call at a time, in the order of its events. An implementation needs a
// lock only if several namespaces share it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/random.hpp"
#include "socketio/broadcast_options.hpp"
#include "socketio/packets/arguments.hpp"

namespace togglecast::socketio {

struct RecoverableSession {
  std::string sid;
  std::string pid;                 ///< private id, known to the client only
  std::vector<std::string> rooms;  ///< the room named after its id is one of them
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
  /// Keeps an event before it is sent. Returns its offset, which becomes the last argument.
  [[nodiscard]] virtual std::string record(const Arguments& event, const BroadcastOptions& options,
                                           TimePoint now) = 0;
  /// Keeps a session whose connection was lost.
  virtual void save(RecoverableSession session, TimePoint now) = 0;
  /// Removes the session, so that it is used at most once, and returns it with the events after `offset`.
  [[nodiscard]] virtual std::optional<RecoveredSession> take(std::string_view pid, std::string_view offset,
                                                             TimePoint now) = 0;
};

/// The same for the servers of a cluster, which an adapter keeps outside of the process: nobody waits for it.
/// Thread rule: any thread.
class SharedRecovery {
 public:
  virtual ~SharedRecovery() = default;
  [[nodiscard]] virtual std::string new_pid() = 0;
  virtual void save(RecoverableSession session) = 0;
  /// Calls `done` once, on any thread: with the session and the events after `offset`, or with nothing. The
  /// events that the adapter delivers after this call are those that follow the last one in `missed`.
  virtual void take(std::string pid, std::string offset,
                    std::function<void(std::optional<RecoveredSession>)> done) = 0;
};

struct MemoryRecoveryOptions {
  Milliseconds max_disconnection{120'000};
  std::size_t max_events = 100'000;    ///< the oldest go first
  std::size_t max_sessions = 100'000;  ///< the oldest go first
};

/// A store in the memory of this process.
[[nodiscard]] std::unique_ptr<Recovery> memory_recovery(MemoryRecoveryOptions options = {});

}  // namespace togglecast::socketio
