// Brings something to many connections, one by one: in slices of at most a millisecond, spread over a window
// where that is asked for. What is brought at once arrives in the order in which it was added. One of each
// shard. Thread rule: its shard.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "base/clock.hpp"
#include "net/shard.hpp"
#include "realtime/peer.hpp"
#include "socketio/server.hpp"

namespace togglecast::realtime {

class Courier {
 public:
  enum class Busy : bool {
    wait,   ///< a busy connection gets it once it has drained: for state, which is not queued
    bring,  ///< it gets it like all others
  };
  using Bring = std::function<void(socketio::Socket&, Peer&)>;
  using Addressees = std::vector<std::weak_ptr<socketio::Socket>>;

  explicit Courier(net::Shard& shard);
  Courier(const Courier&) = delete;
  Courier& operator=(const Courier&) = delete;

  /// Those who have gone by then are passed over. `window` zero: as soon as possible.
  void add(Addressees to, Bring bring, Busy busy, Milliseconds window = {});

 private:
  struct Round {
    Addressees to;
    Bring bring;
    Busy when_busy;
    TimePoint began;
    Milliseconds window;
    std::size_t next = 0;
    Addressees waiting{};
  };

  void work();
  /// True when the round is over.
  [[nodiscard]] bool work_on(Round& round, TimePoint until);
  static void visit(Round& round, const std::weak_ptr<socketio::Socket>& to);

  net::Shard& shard_;
  std::deque<Round> rounds_;
  net::CallbackTimer timer_;
};

}  // namespace togglecast::realtime
