// Watches whether the store works, also while nobody writes: a quick check every few seconds, and after a
// failure a real write more often. A readiness probe asks `health`.
// Thread rule: the committer's thread; `health` from any thread.
#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <optional>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "observe/log.hpp"
#include "observe/metrics.hpp"
#include "storage/store.hpp"

namespace togglecast::changes {

struct StoreWatchOptions {
  Milliseconds look{5'000};   ///< between two checks that the store is in place
  Milliseconds retry{1'000};  ///< after a failure: between two tries to write
};

class StoreWatch {
 public:
  using Steady = std::chrono::steady_clock;

  /// `try_out` runs after a failure, before the probe write: the store works again when both succeed.
  StoreWatch(storage::Store& store, std::function<Result<void>()> try_out, observe::Log& log,
             observe::Metrics& metrics, const StoreWatchOptions& options);

  /// Logs a failure unless the last one was the same, counts and remembers it. Answers the part of it that a
  /// client may know.
  tl::unexpected<Error> failed(const Error& error);
  void worked();

  /// When the next look is due.
  [[nodiscard]] Steady::time_point due() const noexcept { return due_; }
  void look_if_due() noexcept;

  /// The last failure, unless the store has worked since.
  [[nodiscard]] Result<void> health() const;

 private:
  [[nodiscard]] Result<void> look(bool healthy);

  storage::Store& store_;
  std::function<Result<void>()> try_out_;
  observe::Log& log_;
  StoreWatchOptions options_;
  observe::Counter& failures_;
  Steady::time_point due_;

  mutable std::mutex mutex_;
  std::optional<Error> last_failure_;
};

/// The part of an error that a client may know: the log alone has the reason of `internal`.
[[nodiscard]] tl::unexpected<Error> told(const Error& error);

}  // namespace togglecast::changes
