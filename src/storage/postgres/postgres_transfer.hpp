// The tables of PostgreSQL for another store, and theirs into PostgreSQL. The columns of transfer.hpp are
// those of migrations.cpp. Thread and error rules as in storage/transfer.hpp.
#pragma once

#include <string>
#include <vector>

#include "storage/postgres/connection/link.hpp"
#include "storage/transfer.hpp"

namespace togglecast::storage::postgres {

class PostgresTransfer final : public Transfer {
 public:
  explicit PostgresTransfer(Link& link) noexcept : link_(link) {}

  [[nodiscard]] Result<std::vector<Cells>> read(const TransferTable& table, const Cells& after,
                                                const TransferBounds& bounds) override;
  [[nodiscard]] Result<std::string> unfinished() override;
  [[nodiscard]] Result<void> begin_import(const std::string& origin) override;
  [[nodiscard]] Result<void> write(const TransferTable& table, std::span<const Cells> rows) override;
  [[nodiscard]] Result<void> finish_import() override;

 private:
  Link& link_;
};

}  // namespace togglecast::storage::postgres
