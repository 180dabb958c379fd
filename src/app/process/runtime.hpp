// Clock, random bytes, log and metrics. All other objects use them, so they must outlive all others. Thread
// rule: each part may be used from any thread.
#pragma once

#include "base/clock.hpp"
#include "base/random.hpp"
#include "observe/log.hpp"
#include "observe/metrics.hpp"

namespace togglecast::app {

struct Runtime {
  explicit Runtime(const observe::LogOptions& options) : log(options) {}

  SystemClock clock;
  SystemRandom random;
  observe::Log log;
  observe::Metrics metrics;
};

}  // namespace togglecast::app
