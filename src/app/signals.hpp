// Being asked to stop. Thread rule: `block` before any thread starts; the rest by the main thread.
#pragma once

#include <chrono>
#include <functional>

namespace togglecast::app {

/// How the program ends, besides 0 (a clean stop), 1 (it could not start or failed) and 2 (wrong settings).
inline constexpr int kStopTookTooLong = 3;
inline constexpr int kStoppedAtOnce = 130;

class Signals {
 public:
  /// From now on SIGINT and SIGTERM, and SIGHUP unless it is ignored, wait to be taken here.
  static void block();
  /// Until one of them comes; its number.
  static int wait();
  /// Runs `stop`. A second signal, or `longest`, ends the process then and there; `at_once` and `too_long`
  /// are called before.
  static void finish(const std::function<void()>& stop, std::chrono::seconds longest,
                     const std::function<void()>& at_once, const std::function<void()>& too_long);
};

}  // namespace togglecast::app
