// Hears of commits of other nodes: LISTEN on a connection of its own, with a thread of its own. What it tells
// is only a wake-up, and may come twice or not at all. It is never late for what happened while it was not
// connected: it tells once after each connect.
//
// Behind a pooler such as PgBouncer, notifications do not arrive. The listener notices that and waits until
// `retry` before it looks again; the tail polls anyway.
//
// Thread rule: `start` and `stop` by the owner; the callbacks come from its thread; `is_listening` from any.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <thread>

#include "storage/postgres/connection/link.hpp"

namespace togglecast::storage::postgres {

struct ListenerOptions {
  Target target;
  std::string own;                               ///< payload of own commits, which are not told
  Milliseconds retry = std::chrono::minutes{5};  ///< after a pooler was met
  std::function<void()> on_notice;               ///< somebody else may have committed
  /// Whenever it changes: it listens, with an empty reason, or it does not.
  std::function<void(bool listening, const std::string& reason)> on_state;
};

class Listener {
 public:
  explicit Listener(ListenerOptions options);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  void start();
  void stop();
  [[nodiscard]] bool is_listening() const noexcept { return listening_.load(std::memory_order_relaxed); }

 private:
  enum class State : std::uint8_t { listening, pooled, away };

  void run();
  // Listens until the connection breaks. True when the listener stops.
  [[nodiscard]] Result<bool> listen_once();
  // Waits; true when the listener stops.
  [[nodiscard]] bool pause(Milliseconds time) const;
  void tell(State state, const std::string& reason);

  ListenerOptions options_;
  int wake_ = -1;  // an eventfd, readable once it stops
  std::atomic<bool> listening_{false};
  std::optional<State> told_;
  std::thread thread_;
};

}  // namespace togglecast::storage::postgres
