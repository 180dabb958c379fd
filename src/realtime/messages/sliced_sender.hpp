// Sends something to many connections, one by one: in slices of at most a millisecond, spread over a window
// where that is asked for. Rounds that begin at once arrive in the order in which they were added. One for
// each shard. Thread rule: its shard.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "net/shard.hpp"
#include "realtime/session/socket_subscriber.hpp"
#include "socketio/server.hpp"

namespace togglecast::realtime {

class SlicedSender {
 public:
  enum class Busy : bool {
    wait,  ///< a busy connection gets it once it has drained: for state, which is not queued
    send,  ///< it gets it like all others
  };
  /// False: not now, later again.
  using Send = std::function<bool(SocketSubscriber&)>;
  using Receivers = std::vector<std::weak_ptr<socketio::Socket>>;

  explicit SlicedSender(net::Shard& shard);
  SlicedSender(const SlicedSender&) = delete;
  SlicedSender& operator=(const SlicedSender&) = delete;

  /// Connections that are gone by then are passed over. `window` zero: as soon as possible. A round takes the
  /// place of one of the same name that is under way, unless that is empty; receivers that the other round
  /// has not reached come first.
  void add(Receivers to, Send send, Busy busy, Milliseconds window = {}, const std::string& name = {});

 private:
  struct Round {
    Receivers to;
    Send send;
    Busy when_busy;
    TimePoint began;
    Milliseconds window;
    std::string name;
    std::size_t next = 0;
    Receivers waiting{};
  };

  /// Ends the round of this name. Receivers that it has not reached go to the front of `to`.
  void replace(const std::string& name, Receivers& to);
  void work();
  /// True when the round is over.
  [[nodiscard]] bool work_on(Round& round, TimePoint until);
  static void visit(Round& round, const std::weak_ptr<socketio::Socket>& to);

  net::Shard& shard_;
  std::deque<Round> rounds_;
  net::CallbackTimer timer_;
};

}  // namespace togglecast::realtime
