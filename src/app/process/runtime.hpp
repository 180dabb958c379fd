// What everything stands on and outlives nothing: clock, random bytes, log, metrics. Thread rule: each part
// may be used from any thread.
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
