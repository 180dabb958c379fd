// The one thread of a probe: it waits for one condition at a time, and meanwhile serves all connections.
// Thread rule: one thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <functional>
#include <string>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace togglecast::app::probe {

class Loop {
 public:
  explicit Loop(Milliseconds patience) : signals_(context_), patience_(patience) {}

  /// From now on SIGINT and SIGTERM end the present and all later waits, until `go_on`.
  void stop_at_signals();
  /// Waits work again, for cleaning up. A further signal ends the process as usual.
  void go_on();
  [[nodiscard]] bool interrupted() const noexcept { return interrupted_; }

  /// Serves the connections until `done`. `timeout` names `what` was waited for; `unavailable` when
  /// interrupted.
  [[nodiscard]] Result<void> wait(const std::string& what, const std::function<bool()>& done);
  /// The same, whatever signals come: for a write, whose end decides what is there to clean up.
  [[nodiscard]] Result<void> wait_out(const std::string& what, const std::function<bool()>& done);
  /// The same for a condition that need not come true.
  [[nodiscard]] bool wait_for(Milliseconds time, const std::function<bool()>& done);

  [[nodiscard]] boost::asio::io_context& context() noexcept { return context_; }
  [[nodiscard]] static TimePoint now() noexcept { return std::chrono::steady_clock::now(); }

 private:
  [[nodiscard]] tl::unexpected<Error> late(const std::string& what) const;
  [[nodiscard]] bool serve(Milliseconds time, const std::function<bool()>& done, bool through_signals);

  boost::asio::io_context context_{1};
  boost::asio::signal_set signals_;
  Milliseconds patience_;
  bool interrupted_ = false;
};

}  // namespace togglecast::app::probe
