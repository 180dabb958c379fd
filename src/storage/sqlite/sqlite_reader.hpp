// A read-only connection beside the writer's. Thread and error rules as in store.hpp.
#pragma once

#include "storage/sqlite/database.hpp"
#include "storage/store.hpp"

namespace togglecast::storage::sqlite {

class SqliteReader final : public Reader {
 public:
  explicit SqliteReader(Database database) : database_(std::move(database)) {}

  [[nodiscard]] Result<std::vector<domain::LogRow>> log_page(const std::string& environment,
                                                             const LogQuery& query) override;
  [[nodiscard]] Result<std::optional<Secret>> secret(const std::string& environment, domain::Kind kind,
                                                     domain::Id id) override;
  [[nodiscard]] Result<void> verify_log(const std::string& environment) override;

 private:
  Database database_;
};

}  // namespace togglecast::storage::sqlite
