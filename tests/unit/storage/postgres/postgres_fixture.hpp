// A database of its own, and short ways to write platforms into it.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "storage/postgres/postgres_store.hpp"
#include "support/postgres_server.hpp"
#include "unit/domain/builders.hpp"

namespace togglecast::storage::postgres::testing {

class PostgresDatabase : public ::testing::Test {
 public:
  static Result<domain::LogRow> write(Store& store, int id, const std::string& environment = "production") {
    auto transaction = store.begin(environment);
    if (!transaction) return tl::unexpected(transaction.error());
    return write_in(**transaction, id, environment);
  }
  static Result<domain::LogRow> write_in(WriteTransaction& transaction, int id,
                                         const std::string& environment = "production") {
    const auto& head = transaction.head();
    auto row = domain::make_row(
        environment, head, {head.as_of.value + 1}, json::object{{"name", "olga"}},
        {head.revision, {domain::testing::create(domain::testing::platform(id, "p" + std::to_string(id)))}});
    const auto indexed = domain::index_row(*row);
    if (auto done =
            transaction.commit({.row = &indexed, .secrets = {}, .idempotency = {}, .outcome = {}, .at = {}});
        !done)
      return tl::unexpected(done.error());
    return row;
  }

 protected:
  static togglecast::testing::PostgresServer& server() {
    return togglecast::testing::PostgresServer::shared();
  }
  std::unique_ptr<PostgresStore> open(const PostgresOptions& options = {}) {
    return PostgresStore::open(target_, options).value();
  }
  std::unique_ptr<PostgresStore> with_production() {
    auto store = open();
    EXPECT_TRUE(store->create_environment("production", sha256("genesis"), {1'700'000'000'000}).has_value());
    return store;
  }
  void run(const std::string& sql) const {
    auto connection = Connection::open(target_);
    ASSERT_TRUE(connection.has_value()) << connection.error().message;
    const auto done = connection->execute(sql.c_str(), Milliseconds{60'000});
    ASSERT_TRUE(done.has_value()) << done.error().message;
  }

  Target target_ = server().new_database();
};

}  // namespace togglecast::storage::postgres::testing
