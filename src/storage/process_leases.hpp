// Leases of a store that one process has for itself, in memory: all nodes of the store are in that process,
// and a lease ends with it. Thread rule: that of the store.
#pragma once

#include <chrono>
#include <map>
#include <string>

#include "storage/leases.hpp"

namespace togglecast::storage {

class ProcessLeases final : public Leases {
 public:
  [[nodiscard]] Result<LeaseState> acquire(const std::string& lease, const std::string& holder,
                                           Milliseconds lasts) override;
  [[nodiscard]] Result<void> release(const std::string& lease, const std::string& holder) override;
  /// `conflict` when the lease of the fence is gone.
  [[nodiscard]] Result<void> check(const Fence& fence) const;

 private:
  struct Held {
    LeaseState state;
    std::chrono::steady_clock::time_point until;
  };
  std::map<std::string, Held> leases_;
};

}  // namespace togglecast::storage
