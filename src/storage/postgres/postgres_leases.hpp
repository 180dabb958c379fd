// Leases in a table, by the server's clock. Thread and error rules as in storage/leases.hpp.
#pragma once

#include <string>

#include "storage/leases.hpp"
#include "storage/postgres/connection/link.hpp"

namespace togglecast::storage::postgres {

/// Until the transaction ends, nobody takes this lease over. `conflict` when it is gone.
[[nodiscard]] Result<void> hold_lease(Transaction& transaction, const Fence& fence);

class PostgresLeases final : public Leases {
 public:
  explicit PostgresLeases(Link& link) noexcept : link_(link) {}

  [[nodiscard]] Result<LeaseState> acquire(const std::string& lease, const std::string& holder,
                                           Milliseconds lasts) override;
  [[nodiscard]] Result<void> release(const std::string& lease, const std::string& holder) override;

 private:
  Link& link_;
};

}  // namespace togglecast::storage::postgres
