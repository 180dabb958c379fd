// One row of an environment's change log, and the chain that ties the rows together.
//
// digest(0)   = random, made with the environment
// digest(n)   = SHA-256(digest(n-1) ++ canonical text of row n)
// row text    = {"actor":…,"at":"…","change":…,"environment":"…","epoch":…,"revision":…}
//
// Thread rule: plain values.
#pragma once

#include <string>

#include "base/clock.hpp"
#include "base/digest.hpp"
#include "domain/state/change.hpp"
#include "domain/state/offset.hpp"

namespace togglecast::domain {

/// The end of an environment's log, now or at some revision.
struct Head {
  std::int64_t epoch = 1;  ///< raised when history may have forked
  Revision revision = 0;
  Sha256 digest{};
  UnixMillis as_of{};  ///< commit time; never decreases
  friend bool operator==(const Head&, const Head&) = default;
};

[[nodiscard]] Offset offset_of(const Head& head) noexcept;

struct LogRow {
  std::string environment;
  Head head;                ///< after this row
  std::string actor_text;   ///< the actor: canonical JSON `{kind, id, name, source, request_id?}`
  std::string change_text;  ///< canonical JSON of `change`
  Change change;
};

/// The text of `row` in the chain.
[[nodiscard]] std::string row_text(const LogRow& row);
/// The digest that `row` must have when it follows `previous`.
[[nodiscard]] Sha256 digest_after(const Sha256& previous, const LogRow& row);

/// Completes a row after `previous`: texts, head and digest. Its `change` is parsed from its text, so the
/// committer applies exactly the change that every reader of the log applies.
[[nodiscard]] Result<LogRow> make_row(const std::string& environment, const Head& previous, UnixMillis at,
                                      const json::value& actor, const Change& change);

/// As `check_follows`, of a row whose `change` was not parsed: its texts alone.
[[nodiscard]] Result<void> check_chained(const Head& previous, const LogRow& row);
/// `internal` unless `row` follows `previous`: next revision, same epoch or a later one, right digest.
[[nodiscard]] Result<void> check_follows(const Head& previous, const LogRow& row);

}  // namespace togglecast::domain
