// How many subscribers an environment has, and how many of them a revision has reached.
// Thread rule: plain values.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace togglecast::delivery {

/// Of the clients' subscribers.
struct RevisionReach {
  std::size_t told = 0;          ///< have been sent everything up to the revision
  std::size_t acknowledged = 0;  ///< have confirmed the revision or a later one
  friend bool operator==(const RevisionReach&, const RevisionReach&) = default;
};

struct DeliveryCounts {
  std::size_t admins = 0, clients = 0;
  std::vector<RevisionReach> reach;  ///< of the revisions asked for, in their order

  void add(const DeliveryCounts& other) {
    admins += other.admins;
    clients += other.clients;
    reach.resize(std::max(reach.size(), other.reach.size()));
    for (std::size_t i = 0; i < other.reach.size(); ++i) {
      reach[i].told += other.reach[i].told;
      reach[i].acknowledged += other.reach[i].acknowledged;
    }
  }
  friend bool operator==(const DeliveryCounts&, const DeliveryCounts&) = default;
};

}  // namespace togglecast::delivery
