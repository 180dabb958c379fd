#include "app/signals.hpp"

#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <thread>

namespace togglecast::app {
namespace {

constexpr long kLookEveryNs = 20'000'000;

sigset_t stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  struct sigaction hangup {};
  if (::sigaction(SIGHUP, nullptr, &hangup) == 0 && hangup.sa_handler != SIG_IGN) sigaddset(&signals, SIGHUP);
  return signals;
}

}  // namespace

void Signals::block() {
  const sigset_t signals = stop_signals();
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

int Signals::wait() {
  const sigset_t signals = stop_signals();
  int signal = 0;
  while (::sigwait(&signals, &signal) != 0) {
  }
  return signal;
}

void Signals::finish(const std::function<void()>& stop, std::chrono::seconds longest,
                     const std::function<void()>& at_once, const std::function<void()>& too_long) {
  std::atomic<bool> done{false};
  std::thread watch([&] {
    const sigset_t signals = stop_signals();
    const auto latest = std::chrono::steady_clock::now() + longest;
    const timespec look{0, kLookEveryNs};
    while (!done.load()) {
      if (::sigtimedwait(&signals, nullptr, &look) > 0) {
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
