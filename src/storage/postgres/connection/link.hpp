// A connection that comes back. When it breaks, the next call opens another one. While the server is away,
// tries follow with a pause that doubles and varies; in between, calls fail at once with the last reason.
//
// Transaction and error rules as in connection.hpp. Thread rule: one thread at a time; `reconnects` from any.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <vector>

#include "storage/postgres/connection/connection.hpp"

namespace togglecast::storage::postgres {

/// Shared by all links of a store, and read by metrics.
struct LinkCounters {
  std::atomic<std::uint64_t> connects{0};  ///< connections that were opened
  std::atomic<std::uint64_t> failures{0};  ///< tries that failed, and connections that broke
};

/// The pause between two tries.
class Backoff {
 public:
  using Steady = std::chrono::steady_clock;

  Backoff() : random_(std::random_device{}()) {}
  [[nodiscard]] bool is_over(Steady::time_point now) const noexcept { return now >= until_; }
  void failed(Steady::time_point now);
  void worked() noexcept { pause_ = {}; }
  /// The pause after the last failure, as it was drawn.
  [[nodiscard]] Milliseconds drawn() const noexcept { return drawn_; }

 private:
  std::minstd_rand random_;
  Milliseconds pause_{0};
  Milliseconds drawn_{0};
  Steady::time_point until_{};
};

class Link {
 public:
  /// `counters` must outlive it.
  Link(Target target, LinkCounters& counters) : target_(std::move(target)), counters_(counters) {}

  /// Connects when needed.
  [[nodiscard]] Result<Connection*> connection();
  /// For statements that may be carried out twice. A connection that was lost before is replaced at once.
  [[nodiscard]] Result<std::vector<Rows>> ask(std::span<const Statement> statements);
  /// One statement and its rows.
  [[nodiscard]] Result<Rows> ask(const char* sql, Parameters parameters = {});
  /// The connection, which may be lost; null before the first one.
  [[nodiscard]] Connection* current() noexcept { return connection_ ? &*connection_ : nullptr; }
  [[nodiscard]] const Target& target() const noexcept { return target_; }
  /// Longer than the server allows a statement: its own answer is the better one.
  [[nodiscard]] Milliseconds longest() const noexcept { return target_.statement + Milliseconds{3'000}; }
  void close() noexcept { connection_.reset(); }

 private:
  Target target_;
  LinkCounters& counters_;
  std::optional<Connection> connection_;
  Backoff backoff_;
  std::optional<Error> last_failure_;
};

/// One transaction, with limits for its statements, its locks and its pauses. Rolls back when dropped before
/// `commit`.
class Transaction {
 public:
  enum class Kind : std::uint8_t {
    write,
    read  ///< all statements see one moment
  };

  /// `first` is sent along, and asked again when the connection turns out to be lost. Its rows are in
  /// `answers`. `patience` multiplies the limits.
  struct Begun;
  [[nodiscard]] static Result<Begun> begin(Link& link, Kind kind, std::vector<Statement> first,
                                           int patience = 1);
  Transaction(Transaction&& other) noexcept
      : link_(std::exchange(other.link_, nullptr)), longest_(other.longest_) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();

  [[nodiscard]] Result<Rows> run(const char* sql, Parameters parameters = {});
  [[nodiscard]] Result<std::vector<Rows>> run(std::span<const Statement> statements);
  /// Sends `last` with the commit, and `after`, whose failure is no error, behind it. After an error the
  /// commit may or may not have happened.
  [[nodiscard]] Result<void> commit(std::vector<Statement> last = {}, std::optional<Statement> after = {});

 private:
  Transaction(Link& link, Milliseconds longest) noexcept : link_(&link), longest_(longest) {}

  Link* link_;  // null: over
  Milliseconds longest_;
};

struct Transaction::Begun {
  Transaction transaction;
  std::vector<Rows> answers;
};

}  // namespace togglecast::storage::postgres
