#include "app/process/signals.hpp"

#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <thread>

namespace togglecast::app {
namespace {

constexpr long kCheckIntervalNs = 20'000'000;
constexpr std::chrono::milliseconds kOneSignal{500};

sigset_t stop_signals(Signals::Hangup meaning) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  struct sigaction hangup {};
  const bool ignored = ::sigaction(SIGHUP, nullptr, &hangup) == 0 && hangup.sa_handler == SIG_IGN;
  if (meaning == Signals::Hangup::stops && !ignored) sigaddset(&signals, SIGHUP);
  return signals;
}

sigset_t all_signals(Signals::Hangup meaning) {
  sigset_t signals = stop_signals(meaning);
  if (meaning == Signals::Hangup::reloads) sigaddset(&signals, SIGHUP);
  return signals;
}

}  // namespace

void Signals::block() const {
  const sigset_t signals = all_signals(hangup_);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // a write beyond the file size limit then fails with an error
}

int Signals::wait(const std::function<void()>& reload) const {
  const sigset_t signals = all_signals(hangup_);
  while (true) {
    int signal = 0;
    if (::sigwait(&signals, &signal) != 0) continue;
    if (signal != SIGHUP || hangup_ == Hangup::stops) return signal;
    reload();
  }
}

std::optional<int> Signals::wait_for(std::chrono::milliseconds longest) const {
  const sigset_t signals = stop_signals(hangup_);
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(longest);
  const auto rest = std::chrono::duration_cast<std::chrono::nanoseconds>(longest - seconds);
  const timespec left{seconds.count(), rest.count()};
  const int signal = ::sigtimedwait(&signals, nullptr, &left);
  return signal > 0 ? std::optional(signal) : std::nullopt;
}

bool repeats(int first, int second, std::chrono::steady_clock::duration later) noexcept {
  return first == second && first != SIGINT && later < kOneSignal;
}

void Signals::finish(int first, const std::function<void()>& stop, std::chrono::seconds longest,
                     const std::function<void()>& at_once, const std::function<void()>& too_long) const {
  std::atomic<bool> done{false};
  const auto began = std::chrono::steady_clock::now();
  std::thread watch([&] {
    const sigset_t signals = stop_signals(hangup_);
    const auto latest = began + longest;
    const timespec interval{0, kCheckIntervalNs};
    while (!done.load()) {
      const int signal = ::sigtimedwait(&signals, nullptr, &interval);
      if (signal > 0 && !repeats(first, signal, std::chrono::steady_clock::now() - began)) {
        at_once();
        ::_exit(kStoppedAtOnce);
      }
      if (std::chrono::steady_clock::now() > latest) {
        too_long();
        ::_exit(kStopTookTooLong);
      }
    }
  });
  stop();
  done.store(true);
  watch.join();
}

}  // namespace togglecast::app
