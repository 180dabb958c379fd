// The current snapshot of one environment and recent ones before it. A snapshot before the current one weighs
// the bytes that it holds and the next one does not: these are free when it goes.
// Thread rule: one thread at a time.
#pragma once

#include <cstddef>
#include <deque>

#include "base/error.hpp"
#include "domain/state/snapshot.hpp"

namespace togglecast::changes {

struct RingLimits {
  std::size_t snapshots = 1'024;              ///< before the current one, of each environment
  std::size_t bytes = 256UL * 1'024 * 1'024;  ///< of them, of all environments together
};

class Ring {
 public:
  explicit Ring(domain::SnapshotPtr current) : current_(std::move(current)) {}

  [[nodiscard]] const domain::SnapshotPtr& current() const noexcept { return current_; }
  [[nodiscard]] const domain::SnapshotPtr& oldest() const noexcept {
    return past_.empty() ? current_ : past_.front().state;
  }
  /// The state at `revision`; nullptr when it is older or ahead.
  [[nodiscard]] domain::SnapshotPtr at(domain::Revision revision) const;
  /// Snapshots before the current one.
  [[nodiscard]] std::size_t size() const noexcept { return past_.size(); }
  /// Their bytes of memory, about.
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

  /// Moves to the next revision. `weight` is `current()->weight_beside(*after)`. Nothing has changed after an
  /// exception.
  void push(const domain::SnapshotPtr& after, std::size_t weight);
  /// Goes one step back before the oldest: `row` led to it from the state with the head `before`. `internal`
  /// when the two contradict each other.
  [[nodiscard]] Result<void> undo(const domain::LogRow& row, const domain::Head& before);
  /// Takes out the oldest, of which there must be one before the current.
  [[nodiscard]] domain::SnapshotPtr drop_oldest() noexcept;

 private:
  struct Past {
    domain::SnapshotPtr state;
    std::size_t weight;
  };

  std::deque<Past> past_;  // revisions without gaps, the newest last
  domain::SnapshotPtr current_;
  std::size_t bytes_ = 0;
};

}  // namespace togglecast::changes
