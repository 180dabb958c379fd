#include "app/probe/loop.hpp"

#include <csignal>

namespace togglecast::app::probe {

void Loop::stop_at_signals() {
  signals_.add(SIGINT);
  signals_.add(SIGTERM);
  signals_.async_wait([this](const boost::system::error_code& error, int) {
    if (!error) interrupted_ = true;
  });
}

void Loop::go_on() {
  interrupted_ = false;
  boost::system::error_code ignored;
  signals_.cancel(ignored);
  signals_.clear(ignored);
}

bool Loop::wait_for(Milliseconds time, const std::function<bool()>& done) { return serve(time, done, false); }

bool Loop::serve(Milliseconds time, const std::function<bool()>& done, bool through_signals) {
  const TimePoint latest = now() + time;
  while (!done()) {
    if ((interrupted_ && !through_signals) || now() >= latest) return false;
    context_.restart();
    if (context_.run_one_until(latest) == 0 && context_.stopped() && !done())
      return false;  // nothing is under way
  }
  return true;
}

Result<void> Loop::wait(const std::string& what, const std::function<bool()>& done) {
  if (wait_for(patience_, done)) return {};
  if (interrupted_) return fail(Errc::unavailable, "interrupted");
  return late(what);
}

Result<void> Loop::wait_out(const std::string& what, const std::function<bool()>& done) {
  if (serve(patience_, done, true)) return {};
  return late(what);
}

tl::unexpected<Error> Loop::late(const std::string& what) const {
  return fail(Errc::timeout,
              what + " did not come within " + std::to_string(patience_.count() / 1'000) + " s");
}

}  // namespace togglecast::app::probe
