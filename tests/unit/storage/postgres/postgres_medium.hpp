// A store in a schema of its own, made anew for each test, for the contract of all stores.
#pragma once

#include <memory>

#include "storage/postgres/postgres_store.hpp"
#include "support/postgres_server.hpp"
#include "unit/storage/store_contract.hpp"

namespace togglecast::storage::testing {

class PostgresMedium final : public Medium {
 public:
  PostgresMedium() {
    togglecast::testing::PostgresServer::shared().run("DROP SCHEMA IF EXISTS togglecast CASCADE",
                                                      "togglecast");
  }
  std::unique_ptr<Store> open() override {
    return postgres::PostgresStore::open(togglecast::testing::PostgresServer::shared().target("togglecast"))
        .value();
  }
};

}  // namespace togglecast::storage::testing
