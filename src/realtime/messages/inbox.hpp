// The messages that one connection has not acknowledged, and when each of them is sent to it again. Time is
// an argument. Thread rule: its shard.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/clock.hpp"

namespace togglecast::realtime {

/// The pause after the `sent`th delivery: it doubles from `first` on, up to five minutes or `first` if that
/// is longer. `jitter`, from 0 to 1, varies it by a fifth.
[[nodiscard]] Milliseconds pause_after(unsigned sent, Milliseconds first, double jitter) noexcept;

class Inbox {
 public:
  explicit Inbox(std::size_t most) noexcept : most_(most) {}

  enum class Added : std::uint8_t {
    now,    ///< it may be sent
    known,  ///< it is here, or this connection has acknowledged it
    full,   ///< as many as may be open: `has_left_out` until `take_left_out`
  };
  Added add(std::int64_t message);
  /// It was sent; answers how often by now.
  unsigned sent(std::int64_t message) noexcept;
  /// Its next turn.
  void wait(std::int64_t message, TimePoint until) noexcept;
  /// Whether its turn is at exactly this time: an earlier turn may have been put off.
  [[nodiscard]] bool due(std::int64_t message, TimePoint at) const noexcept;
  /// The first one that was never sent.
  [[nodiscard]] std::optional<std::int64_t> first_unsent() const noexcept;
  [[nodiscard]] unsigned times_sent(std::int64_t message) const noexcept;
  /// This connection is done with it, and does not get it again.
  void acknowledge(std::int64_t message);
  [[nodiscard]] bool acknowledged(std::int64_t message) const noexcept;
  /// It is not for this connection any more.
  void drop(std::int64_t message) noexcept;
  /// The message is over for everybody.
  void forget(std::int64_t message) noexcept;
  /// True once after something was left out and there is room again.
  [[nodiscard]] bool take_left_out() noexcept;
  [[nodiscard]] bool empty() const noexcept { return open_.empty() && acknowledged_.empty() && !left_out_; }
  [[nodiscard]] std::size_t open() const noexcept { return open_.size(); }

 private:
  struct Open {
    std::int64_t message;
    TimePoint next{};
    unsigned sent = 0;
  };
  [[nodiscard]] const Open* find(std::int64_t message) const noexcept;
  [[nodiscard]] Open* find(std::int64_t message) noexcept;

  std::size_t most_;
  std::vector<Open> open_;
  std::vector<std::int64_t> acknowledged_;
  bool left_out_ = false;
};

}  // namespace togglecast::realtime
