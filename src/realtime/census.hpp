// How many are connected to one environment, and how far its changes have come. Thread rule: plain values.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "domain/schema/ids.hpp"

namespace togglecast::realtime {

/// A revision's way to the clients.
struct Reach {
  std::size_t told = 0;          ///< connections that have been told
  std::size_t acknowledged = 0;  ///< connections whose receipt covers it
};

struct Census {
  std::size_t admins = 0, clients = 0;  ///< connections that are logged in
  std::vector<Reach> reach;             ///< of the revisions asked for, in their order

  void add(const Census& other) {
    admins += other.admins;
    clients += other.clients;
    reach.resize(std::max(reach.size(), other.reach.size()));
    for (std::size_t i = 0; i < other.reach.size(); ++i) {
      reach[i].told += other.reach[i].told;
      reach[i].acknowledged += other.reach[i].acknowledged;
    }
  }
};

}  // namespace togglecast::realtime
