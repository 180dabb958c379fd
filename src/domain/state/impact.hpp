// The entities that a change concerns, computed once per revision from the links of both states. So only
// answers that may differ are evaluated, only for clients that see them. An impact may name too much, never
// too little.
// Thread rule: pure functions, plain values.
#pragma once

#include <vector>

#include "domain/state/change.hpp"
#include "domain/state/snapshot.hpp"

namespace togglecast::domain {

struct PackageImpact {
  Id package = 0;
  std::vector<Id> features;  ///< whose answers may differ for the clients on it; ascending
};

/// All ascending.
struct Impact {
  std::vector<Id> platforms;            ///< touched
  std::vector<Id> features;             ///< whose answers may differ for any client, or which were renamed
  std::vector<PackageImpact> packages;  ///< touched
  std::vector<Id> clients;              ///< touched: anything may differ for them

  [[nodiscard]] bool concerns_clients() const noexcept {
    return !platforms.empty() || !features.empty() || !packages.empty() || !clients.empty();
  }
};

/// `change` leads from `before` to `after`. For several revisions, it has the ops of all of them.
[[nodiscard]] Impact impact_of(const Snapshot& before, const Snapshot& after, const Change& change);
/// The impact of one after the other.
void merge(Impact& into, const Impact& later);

}  // namespace togglecast::domain
