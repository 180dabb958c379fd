// Usage in PostgreSQL. A writing transaction locks the row of its environment first, as every write does, so
// that it never waits for a writer that waits for it. Thread and error rules as in storage/usage.hpp.
#pragma once

#include "storage/postgres/connection/link.hpp"
#include "storage/usage.hpp"

namespace togglecast::storage::postgres {

class PostgresUsageWriter final : public UsageWriter {
 public:
  /// `link` is the store's.
  explicit PostgresUsageWriter(Link& link) : link_(link) {}

  [[nodiscard]] Result<void> note(const std::string& environment, std::span<const Use> uses) override;
  [[nodiscard]] Result<Advanced> advance(const std::string& environment, const UsedEntity& of,
                                         std::int64_t from, UnixMillis at) override;

 private:
  struct Locked {
    Transaction transaction;
    std::int64_t environment = 0;
  };
  [[nodiscard]] Result<Locked> lock(const std::string& environment);

  Link& link_;
};

class PostgresUsageReader final : public UsageReader {
 public:
  explicit PostgresUsageReader(Link& link) : link_(link) {}

  [[nodiscard]] Result<std::vector<Usage>> all(const std::string& environment) override;
  [[nodiscard]] Result<Usage> of(const std::string& environment, const UsedEntity& entity) override;

 private:
  Link& link_;
};

}  // namespace togglecast::storage::postgres
