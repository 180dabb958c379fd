// A connection to PostgreSQL; the only file pair that knows libpq's own interface. Every call ends: after the
// time of the target, the connection counts as lost.
//
// Statements use neither prepared statements nor settings of a session, so a PgBouncer in transaction mode
// may stand between. Thread rule: one thread at a time. Errors as in store.hpp.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "storage/postgres/connection/parameters.hpp"
#include "storage/postgres/connection/target.hpp"

struct pg_conn;
struct pg_result;

namespace togglecast::storage::postgres {

/// The rows that a statement answered. Rows and columns count from 0. Views live as long as this value.
class Rows {
 public:
  explicit Rows(pg_result* result) noexcept : result_(result) {}

  [[nodiscard]] int size() const noexcept;
  [[nodiscard]] bool empty() const noexcept { return size() == 0; }
  /// Of smallint, integer, bigint and boolean.
  [[nodiscard]] std::int64_t integer(int row, int column) const noexcept;
  [[nodiscard]] std::string_view text(int row, int column) const noexcept;
  /// How many rows the statement wrote or deleted.
  [[nodiscard]] std::int64_t affected() const noexcept;
  /// What the statement did, in one word: `COMMIT`.
  [[nodiscard]] std::string_view command() const noexcept;

 private:
  struct Clear {
    void operator()(pg_result* result) const noexcept;
  };
  std::unique_ptr<pg_result, Clear> result_;
};

struct Statement {
  const char* sql;
  Parameters parameters{};
};

/// How far a number of statements came.
struct Answers {
  std::vector<Rows> rows;      ///< of the statements that succeeded, up to the first that did not
  std::optional<Error> error;  ///< of that one
  std::string state{};         ///< its SQLSTATE; empty when the connection broke
};

class Connection {
 public:
  [[nodiscard]] static Result<Connection> open(const Target& target);
  /// Nothing answers there, or the server says that it starts or stops. False for all that waiting does not
  /// mend: a password or certificate that is refused, a name that it does not know.
  [[nodiscard]] static bool is_away(const Target& target);

  /// Sends all statements at once and waits for their answers: one round trip. After an error the rest is not
  /// carried out. Outside of a transaction that they begin, all of them are one.
  [[nodiscard]] Answers run(std::span<const Statement> statements, Milliseconds longest);
  /// Statements without parameters, separated by semicolons.
  [[nodiscard]] Result<void> execute(const char* sql, Milliseconds longest);
  /// No further statement can succeed.
  [[nodiscard]] bool is_lost() const noexcept;
  /// What is between us and the server gives each transaction another session of it. Asks the server.
  [[nodiscard]] Result<bool> is_pooled();
  /// Waits for a notification, until `wake`, a descriptor, can be read. Calls `on_notice` with the payload of
  /// each. False when it was woken.
  [[nodiscard]] Result<bool> wait_for_notice(int wake,
                                             const std::function<void(std::string_view payload)>& on_notice);

  [[nodiscard]] const Target& target() const noexcept { return target_; }

 private:
  struct Finish {
    void operator()(pg_conn* connection) const noexcept;
  };
  using Deadline = TimePoint;

  Connection(pg_conn* connection, Target target) noexcept
      : connection_(connection), target_(std::move(target)) {}
  // The next answer, which may be null; an error after the deadline, and when the connection broke.
  [[nodiscard]] Result<pg_result*> next(Deadline deadline);
  [[nodiscard]] Result<void> wait(Deadline deadline, bool writing);
  void read_answers(std::span<const Statement> statements, Deadline deadline, Answers& answers);
  [[nodiscard]] Error broken();

  std::unique_ptr<pg_conn, Finish> connection_;
  Target target_;
  bool lost_ = false;
};

}  // namespace togglecast::storage::postgres
