// What was fetched, in PostgreSQL. A write locks the row of its environment first, as every write does.
// Thread and error rules as in storage/fetched.hpp.
#pragma once

#include "storage/fetched.hpp"
#include "storage/postgres/connection/link.hpp"

namespace togglecast::storage::postgres {

class PostgresFetchedWriter final : public FetchedWriter {
 public:
  /// `link` is the store's.
  explicit PostgresFetchedWriter(Link& link) : link_(link) {}

  [[nodiscard]] Result<void> keep(const std::string& environment, const Fetched& fetched) override;

 private:
  Link& link_;
};

class PostgresFetchedReader final : public FetchedReader {
 public:
  explicit PostgresFetchedReader(Link& link) : link_(link) {}

  [[nodiscard]] Result<std::vector<Fetched>> all(const std::string& environment) override;

 private:
  Link& link_;
};

}  // namespace togglecast::storage::postgres
