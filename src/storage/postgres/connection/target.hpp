// Where a database is: what `--store` names. Thread rule: plain values and pure functions.
#pragma once

#include <string>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace togglecast::storage::postgres {

/// Where to connect, and how long to wait.
struct Target {
  /// `postgresql://…`, `postgres://…` or `keyword=value …`, as libpq reads them. What is missing in it comes
  /// from PGPASSWORD, ~/.pgpass, service files and libpq's other sources.
  std::string text;
  Milliseconds statement{10'000};  ///< longest time of one statement; half of it for a lock
  std::string name{"togglecast"};  ///< that the server shows for the connection, unless `text` says another
};

/// Whether `text` looks like a target: one of the two schemes, or keywords with values.
[[nodiscard]] bool is_target(const std::string& text) noexcept;
/// `invalid_argument` when libpq cannot read it. The message holds no part of a password.
[[nodiscard]] Result<void> check_target(const std::string& text);
/// `postgresql://user@host:5432/database`, for logs: without password and parameters.
[[nodiscard]] std::string shown(const std::string& text);

}  // namespace togglecast::storage::postgres
