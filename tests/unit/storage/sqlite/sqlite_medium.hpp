// A store in a folder of its own, for the contract of all stores.
#pragma once

#include <memory>

#include "storage/sqlite/sqlite_store.hpp"
#include "support/temporary_folder.hpp"
#include "unit/storage/store_contract.hpp"

namespace togglecast::storage::testing {

class SqliteMedium final : public Medium {
 public:
  std::unique_ptr<Store> open() override {
    return sqlite::SqliteStore::open(folder_.path() / "data").value();
  }

 private:
  togglecast::testing::TemporaryFolder folder_;
};

}  // namespace togglecast::storage::testing
