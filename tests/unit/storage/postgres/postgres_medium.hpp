// A store in an empty database, for the contract of all stores. Databases are used again: to make one takes
// longer than to empty one.
#pragma once

#include <memory>
#include <vector>

#include "storage/postgres/postgres_store.hpp"
#include "support/postgres_server.hpp"
#include "unit/storage/store_contract.hpp"

namespace togglecast::storage::testing {

class PostgresMedium final : public Medium {
 public:
  PostgresMedium() {
    auto& server = togglecast::testing::PostgresServer::shared();
    if (free_.empty()) {
      target_ = server.new_database();
      return;
    }
    target_ = free_.back();
    free_.pop_back();
    auto connection = postgres::Connection::open(target_).value();
    EXPECT_TRUE(connection.execute("DROP SCHEMA togglecast CASCADE", Milliseconds{60'000}).has_value());
  }
  PostgresMedium(const PostgresMedium&) = delete;
  PostgresMedium& operator=(const PostgresMedium&) = delete;
  ~PostgresMedium() override { free_.push_back(target_); }

  std::unique_ptr<Store> open() override { return postgres::PostgresStore::open(target_).value(); }

 private:
  inline static std::vector<postgres::Target> free_;
  postgres::Target target_;
};

}  // namespace togglecast::storage::testing
