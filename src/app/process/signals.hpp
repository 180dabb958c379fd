// Being asked to stop, or to read the certificate again. Thread rule: `block` before any thread starts; the
// rest by the main thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

namespace togglecast::app {

/// How the program ends, besides 0 (a clean stop), 1 (it could not start or failed) and 2 (wrong settings).
inline constexpr int kStopTookTooLong = 3;
inline constexpr int kStoppedAtOnce = 130;

class Signals {
 public:
  /// What SIGHUP means: the end, unless it is ignored, or, ignored or not, that files should be read again.
  enum class Hangup : std::uint8_t { stops, reloads };

  explicit Signals(Hangup hangup) noexcept : hangup_(hangup) {}

  /// From now on SIGINT, SIGTERM and SIGHUP wait to be taken here.
  void block() const;
  /// Until one comes that asks to stop; its number. `reload` runs for each SIGHUP that does not.
  [[nodiscard]] int wait(const std::function<void()>& reload) const;
  /// Runs `stop`. A second signal, or `longest`, ends the process then and there; `at_once` and `too_long`
  /// are called before.
  void finish(const std::function<void()>& stop, std::chrono::seconds longest,
              const std::function<void()>& at_once, const std::function<void()>& too_long) const;

 private:
  Hangup hangup_;
};

}  // namespace togglecast::app
