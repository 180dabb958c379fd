// Leases: which of the nodes that share a store does what only one may do at a time.
//
//   acquire("upkeep", "node-7", 5s)   // again and again, more often than the lease lasts
//   commit({…, .fence = Fence{"upkeep", "node-7", state.number}})   // refused once another node has it
//
// All times are by the store's clock, so the clocks of the nodes do not matter. The number rises whenever the
// holder changes. A node that slept and lost its lease has an old number, and the store refuses what it
// writes with it, in the same transaction.
//
// Thread and error rules as in store.hpp.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace togglecast::storage {

/// Proves that a lease is held. A write that carries a fence is refused with `conflict` (`lost_lease`), and
/// changes nothing, when the lease has another holder or number by now.
struct Fence {
  std::string lease;
  std::string holder;
  std::int64_t number = 0;

  friend bool operator==(const Fence&, const Fence&) = default;
};

struct LeaseState {
  std::string holder;       ///< empty: nobody has it
  std::int64_t number = 0;  ///< rises whenever the holder changes
};

/// `conflict`, for a fence whose lease is gone.
[[nodiscard]] Error lost_lease(const Fence& fence);

class Leases {
 public:
  virtual ~Leases() = default;

  /// Takes the lease, for `lasts` from now, when nobody has it, when it has expired, or when `holder` has it
  /// already (then it is renewed, under the same number). Answers who has it afterwards.
  [[nodiscard]] virtual Result<LeaseState> acquire(const std::string& lease, const std::string& holder,
                                                   Milliseconds lasts) = 0;
  /// The next node gets it at once. Nothing happens when `holder` does not have it.
  [[nodiscard]] virtual Result<void> release(const std::string& lease, const std::string& holder) = 0;
};

}  // namespace togglecast::storage
