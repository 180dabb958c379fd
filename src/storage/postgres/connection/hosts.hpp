// Where the hosts of a target are, found before libpq connects: its own look-up of names cannot be bounded.
// Thread rule: pure, but for the look-up.
#pragma once

#include <functional>
#include <string>

#include "base/error.hpp"
#include "names/name_lookup.hpp"

namespace togglecast::storage::postgres {

/// Lists as libpq's parameters of these names, one entry for each address; all empty: libpq needs no help.
struct Hosts {
  std::string host, hostaddr, port;
};

/// `host` and `port`: the lists of a target. A host that has no address is left out, unless none has one.
[[nodiscard]] Result<Hosts> find_hosts(const std::string& host, const std::string& port,
                                       const names::NameResolver& look_up);

}  // namespace togglecast::storage::postgres
