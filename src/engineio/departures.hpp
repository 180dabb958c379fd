// Sends the sessions of one shard away: each at a random moment of a window, so that their clients do not
// come back all at once. Thread rule: the shard's thread. Internal to `engineio`.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "base/clock.hpp"
#include "engineio/session_id.hpp"
#include "net/shard.hpp"
#include "net/timer_wheel.hpp"

namespace togglecast::engineio {

class Departures final : private net::TimerNode {
 public:
  static constexpr Milliseconds kLookAgain{20};
  static constexpr Milliseconds kLongestDelay{2'000};

  /// Called for each session at its moment. False: it is busy. Then it is called again, for at most
  /// `kLongestDelay`; the last time with `at_last`.
  using Leave = std::function<bool(const SessionId&, bool at_last)>;

  Departures(net::Shard& shard, Leave leave) : shard_(shard), leave_(std::move(leave)) {}
  ~Departures() override = default;

  /// Begins with these sessions. A window of zero sends all of them away within this call.
  void begin(const std::vector<SessionId>& sessions, Milliseconds window);

 private:
  void on_timer(TimePoint now) override;

  struct Departure {
    TimePoint due, latest;
    SessionId id;
  };

  [[nodiscard]] static bool later(const Departure& a, const Departure& b) noexcept;

  net::Shard& shard_;
  Leave leave_;
  std::vector<Departure> waiting_;  // the next one last
};

}  // namespace togglecast::engineio
