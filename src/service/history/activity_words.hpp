// Words for sentences about changes. Thread rule: pure functions.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "domain/state/change.hpp"
#include "domain/state/snapshot.hpp"

namespace togglecast::service {

/// `a, b and c`. More than `most` words end with a number: `a, b and 7 more`.
[[nodiscard]] std::string enumeration(const std::vector<std::string>& words, std::size_t most = 3);

/// `platform`, `signing key`.
[[nodiscard]] std::string_view noun(domain::Kind kind) noexcept;
/// `1 platform`, `3 signing keys`.
[[nodiscard]] std::string counted(std::size_t count, std::string_view noun);
/// A member in plain words: `maintenance note` for `maintenance_note`.
[[nodiscard]] std::string_view word_for(std::string_view member) noexcept;

/// `12.50 EUR` of `{amount: 1250, currency: "EUR"}`.
[[nodiscard]] std::string price_text(const json::value& price);
/// A short text for a flag's value: `on`, `off`, a text, a number, or `a value`.
[[nodiscard]] std::string value_text(const json::value& value);

/// The names of the entities of a change.
class Names {
 public:
  Names(std::span<const domain::Op* const> ops, const domain::Snapshot* state);

  /// `Acme`, or `client 7` when the name is unknown.
  [[nodiscard]] std::string of(domain::Kind kind, domain::Id id) const;
  /// `client Acme`
  [[nodiscard]] std::string full(domain::Kind kind, domain::Id id) const;

 private:
  [[nodiscard]] std::string known(domain::Kind kind, domain::Id id) const;

  std::map<std::pair<domain::Kind, domain::Id>, const domain::Op*> ops_;
  const domain::Snapshot* state_;
};

}  // namespace togglecast::service
