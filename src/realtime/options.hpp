// How the real-time entrances behave. Thread rule: plain values.
#pragma once

#include "base/clock.hpp"

namespace togglecast::realtime {

struct Options {
  Milliseconds login_deadline{10'000};  ///< for a connection without a token
  Milliseconds expiry_warning{
      60'000};  ///< `token_expiring` comes this long before the end, or half-way when that is sooner
  double events_per_second = 50;  ///< per connection
  double event_burst = 200;
};

}  // namespace togglecast::realtime
