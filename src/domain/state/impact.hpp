// Whom a change concerns: worked out once per revision from the links of both states, so that only what may
// differ is evaluated, for those alone who can see it. An impact may name too much, never too little.
// Thread rule: pure functions, plain values.
#pragma once

#include <vector>

#include "domain/state/change.hpp"
#include "domain/state/snapshot.hpp"

namespace togglecast::domain {

struct PackageImpact {
  Id package = 0;
  std::vector<Id> features;  ///< that may answer differently for the clients on it; ascending
};

/// All ascending.
struct Impact {
  std::vector<Id> platforms;  ///< touched
  std::vector<Id> features;   ///< that may answer differently for whoever sees them, or were renamed
  std::vector<PackageImpact> packages;  ///< touched
  std::vector<Id> clients;              ///< touched: anything may differ for them

  [[nodiscard]] bool concerns_clients() const noexcept {
    return !platforms.empty() || !features.empty() || !packages.empty() || !clients.empty();
  }
};

/// `change` leads from `before` to `after`; one that came with several revisions in between is their ops
/// together.
[[nodiscard]] Impact impact_of(const Snapshot& before, const Snapshot& after, const Change& change);
/// Of one after the other.
void merge(Impact& into, const Impact& later);

}  // namespace togglecast::domain
