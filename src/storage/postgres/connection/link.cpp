#include "storage/postgres/connection/link.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace togglecast::storage::postgres {
namespace {

constexpr Milliseconds kFirstPause{100}, kLongestPause{2'000};

// Limits of one transaction. A server that stands still in the middle of one must not hold up the others.
Statement limits(Milliseconds statement) {
  const std::string lock = std::to_string(std::max<Milliseconds::rep>(1, statement.count() / 2));
  Statement set{
      "SELECT set_config('statement_timeout', $1, true), set_config('lock_timeout', $2, true), "
      "set_config('idle_in_transaction_session_timeout', $1, true)"};
  set.parameters.add(std::string_view(std::to_string(statement.count()))).add(std::string_view(lock));
  return set;
}

}  // namespace

void Backoff::failed(Steady::time_point now) {
  pause_ = std::clamp(pause_ * 2, kFirstPause, kLongestPause);
  drawn_ = Milliseconds(
      std::uniform_int_distribution<Milliseconds::rep>(pause_.count() / 2, pause_.count())(random_));
  until_ = now + drawn_;
}

Result<Connection*> Link::connection() {
  if (connection_ && !connection_->is_lost()) return &*connection_;
  if (connection_) {
    counters_.failures.fetch_add(1, std::memory_order_relaxed);
    connection_.reset();
  }
  if (last_failure_ && !backoff_.is_over(Backoff::Steady::now())) return tl::unexpected(*last_failure_);
  auto opened = Connection::open(target_);
  if (!opened) {
    counters_.failures.fetch_add(1, std::memory_order_relaxed);
    backoff_.failed(Backoff::Steady::now());
    last_failure_ = opened.error();
    return tl::unexpected(opened.error());
  }
  counters_.connects.fetch_add(1, std::memory_order_relaxed);
  backoff_.worked();
  last_failure_.reset();
  connection_.emplace(std::move(*opened));
  return &*connection_;
}

Result<std::vector<Rows>> Link::ask(std::span<const Statement> statements) {
  const bool had_one = connection_ && !connection_->is_lost();
  for (bool again = had_one;; again = false) {
    const auto connection = this->connection();
    if (!connection) return tl::unexpected(connection.error());
    auto answers = (*connection)->run(statements, longest());
    if (!answers.error) return std::move(answers.rows);
    if (!again || !(*connection)->is_lost()) return tl::unexpected(*answers.error);
  }
}

Result<Rows> Link::ask(const char* sql, Parameters parameters) {
  const Statement statement{sql, std::move(parameters)};
  auto rows = ask({&statement, 1});
  if (!rows) return tl::unexpected(rows.error());
  return std::move(rows->front());
}

Result<Transaction::Begun> Transaction::begin(Link& link, Kind kind, std::vector<Statement> first,
                                              int patience) {
  constexpr std::ptrdiff_t kOurs = 2;
  std::vector<Statement> statements;
  statements.push_back({kind == Kind::write ? "BEGIN" : "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"});
  statements.push_back(limits(link.target().statement * patience));
  std::move(first.begin(), first.end(), std::back_inserter(statements));
  auto rows = link.ask(statements);
  // The transaction is open, too, when a later statement failed.
  Transaction transaction(link, link.longest() * patience);
  if (!rows) return tl::unexpected(rows.error());
  rows->erase(rows->begin(), rows->begin() + kOurs);
  return Begun{std::move(transaction), std::move(*rows)};
}

Transaction::~Transaction() {
  if (link_ == nullptr) return;
  Connection* connection = link_->current();
  if (connection == nullptr || connection->is_lost()) return;
  const Statement rollback{"ROLLBACK"};
  if (connection->run({&rollback, 1}, longest_).error) link_->close();
}

Result<Rows> Transaction::run(const char* sql, Parameters parameters) {
  const Statement statement{sql, std::move(parameters)};
  auto rows = run({&statement, 1});
  if (!rows) return tl::unexpected(rows.error());
  return std::move(rows->front());
}

Result<std::vector<Rows>> Transaction::run(std::span<const Statement> statements) {
  Connection* connection = link_ == nullptr ? nullptr : link_->current();
  if (connection == nullptr || connection->is_lost())
    return fail(Errc::unavailable, "the connection to the PostgreSQL server is gone");
  auto answers = connection->run(statements, longest_);
  if (answers.error) return tl::unexpected(*answers.error);
  return std::move(answers.rows);
}

Result<void> Transaction::commit(std::vector<Statement> last, std::optional<Statement> after) {
  const std::size_t commit = last.size();
  last.push_back({"COMMIT"});
  if (after) last.push_back(*std::move(after));
  Connection* connection = link_ == nullptr ? nullptr : link_->current();
  if (connection == nullptr || connection->is_lost())
    return fail(Errc::unavailable, "the connection to the PostgreSQL server is gone");
  const auto answers = connection->run(last, longest_);
  if (answers.rows.size() <= commit) return tl::unexpected(*answers.error);
  link_ = nullptr;
  // A transaction in which a statement had failed is rolled back instead.
  if (answers.rows[commit].command() != "COMMIT")
    return fail(Errc::internal, "PostgreSQL rolled the transaction back");
  return {};
}

}  // namespace togglecast::storage::postgres
