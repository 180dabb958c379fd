// Signals that stop the process or reload the certificate. Thread rule: call `block` before any thread
// starts, the rest on the main thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>

namespace togglecast::app {

/// Exit codes besides 0 (clean stop), 1 (the start failed, or the server failed) and 2 (wrong settings).
inline constexpr int kStopTookTooLong = 3;
inline constexpr int kStoppedAtOnce = 130;

/// `timeout` and some supervisors send their signal twice at once, to the process and to its group. A person
/// at a terminal who presses Ctrl-C twice means it.
[[nodiscard]] bool repeats(int first, int second, std::chrono::steady_clock::duration later) noexcept;

class Signals {
 public:
  /// The meaning of SIGHUP. `stops`: the process ends, unless SIGHUP is ignored. `reloads`: the certificate
  /// is read again, even if SIGHUP was ignored.
  enum class Hangup : std::uint8_t { stops, reloads };

  explicit Signals(Hangup hangup) noexcept : hangup_(hangup) {}

  /// Blocks SIGINT, SIGTERM and SIGHUP, so that only `wait` and `finish` receive them.
  void block() const;
  /// Waits for a signal that stops the process and returns its number. Calls `reload` for each SIGHUP before
  /// it, if SIGHUP reloads.
  [[nodiscard]] int wait(const std::function<void()>& reload) const;
  /// A signal that stops the process, if one comes within `longest`.
  [[nodiscard]] std::optional<int> wait_for(std::chrono::milliseconds longest) const;
  /// Runs `stop`. A second signal ends the process at once, after a call of `at_once`, unless it only repeats
  /// `first`. After `longest` the process ends as well, after a call of `too_long`.
  void finish(int first, const std::function<void()>& stop, std::chrono::seconds longest,
              const std::function<void()>& at_once, const std::function<void()>& too_long) const;

 private:
  Hangup hangup_;
};

}  // namespace togglecast::app
