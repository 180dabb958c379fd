#include "app/patient_start.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "app/store_choice.hpp"
#include "app/waiting_room.hpp"
#include "app/wiring.hpp"
#include "base/random.hpp"

namespace togglecast::app {
namespace {

constexpr Milliseconds kFirstPause{100}, kLongestPause{2'000};

// Up to a half of it more, so that nodes do not come to the database in one moment.
Milliseconds spread(Milliseconds pause, RandomSource& random) {
  const auto half = static_cast<std::uint64_t>(pause.count()) / 2;
  return pause + Milliseconds{static_cast<std::int64_t>(random_below(random, half + 1))};
}

// Until the database answers, a signal comes, or the time is over.
struct Waited {
  bool there = false;
  int signal = 0;
};
Waited wait_for_store(const Settings& settings, Runtime& runtime, const Signals& signals,
                      std::optional<TimePoint> latest) {
  for (Milliseconds pause = kFirstPause;; pause = std::min(pause * 2, kLongestPause)) {
    if (const auto signal = signals.wait_for(spread(pause, runtime.random))) return {false, *signal};
    if (!store_is_away(settings)) return {true, 0};
    if (latest && runtime.clock.now() >= *latest) return {};
  }
}

}  // namespace

Result<PatientStart> start_patiently(const Settings& settings, Runtime& runtime, FirstLogin& first_login,
                                     const Signals& signals) {
  std::optional<TimePoint> latest;
  if (settings.store_wait) latest = runtime.clock.now() + *settings.store_wait;
  bool was_there = false;  // when the last attempt failed
  for (;;) {
    auto server = Container::build(settings, runtime, first_login);
    if (server) return PatientStart{*std::move(server), 0};
    const Error failure = server.error();
    if (settings.store.empty() || failure.code != Errc::unavailable) return tl::unexpected(failure);
    if (!store_is_away(settings)) {
      // It may have come back since the failure, once.
      if (std::exchange(was_there, true)) return tl::unexpected(failure);
      continue;
    }
    was_there = false;
    if (latest && runtime.clock.now() >= *latest) return tl::unexpected(failure);
    runtime.log.warn("the database is away; the start waits for it",
                     {{"store", describe_store(settings)}, {"reason", failure.message}});
    std::shared_ptr<net::TlsContext> tls;
    if (!settings.tls_certificate.empty()) {
      auto loaded = net::TlsContext::load(tls_options(settings));
      if (!loaded) return tl::unexpected(loaded.error());
      tls = *std::move(loaded);
    }
    WaitingRoom room(settings, std::move(tls), runtime.log);
    if (auto open = room.open(); !open) return tl::unexpected(open.error());
    const Waited waited = wait_for_store(settings, runtime, signals, latest);
    if (waited.signal != 0) return PatientStart{nullptr, waited.signal};
    if (!waited.there) return tl::unexpected(failure);
    runtime.log.info("the database answers; the start goes on", {{"store", describe_store(settings)}});
  }
}

}  // namespace togglecast::app
