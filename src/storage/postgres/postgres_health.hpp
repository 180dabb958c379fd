// Whether the server takes writes. Thread and error rules as in store_health.hpp.
#pragma once

#include "storage/postgres/connection/link.hpp"
#include "storage/store_health.hpp"

namespace togglecast::storage::postgres {

class PostgresHealth final : public StoreHealth {
 public:
  explicit PostgresHealth(Link& link) noexcept : link_(link) {}

  [[nodiscard]] Result<void> check() override;
  [[nodiscard]] Result<void> probe_write() override;
  /// Always the same: a database has no identity that a restored dump would lack. A node's marker notices a
  /// database that has less than the node has served (decision 0038).
  [[nodiscard]] Origin origin() const noexcept override { return Origin::same; }

 private:
  Link& link_;
};

}  // namespace togglecast::storage::postgres
