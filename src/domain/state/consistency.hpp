// The rules between entities, for every writer: references exist, rules can be compiled, nothing goes in
// circles. The committer checks them for every change, on the state after it.
// Thread rule: pure functions.
#pragma once

#include <string>
#include <vector>

#include "domain/state/change.hpp"
#include "domain/state/snapshot.hpp"

namespace togglecast::domain {

/// `invalid_argument` with every place, by its JSON Pointer within the entity; the message names the entity
/// when the change has several. Only faults that the change adds are refused: a reference that was dangling
/// before, after a forced deletion, may stay.
[[nodiscard]] Result<void> check_consistent(const Snapshot& before, const Snapshot& after,
                                            const Change& change);

/// An entity that names another one.
struct User {
  Kind kind = Kind::feature;
  Id id = 0;
  std::string key;
  std::string name;
};
/// The entities that refer to this one and so prevent its deletion: by kind, then id. Tokens are deleted with
/// their client.
[[nodiscard]] std::vector<User> users_of(const Snapshot& state, Kind kind, Id id);

/// The sub-features that `was` has and `is` has not.
[[nodiscard]] std::vector<std::string> dropped_sub_features(const Feature& was, const Feature& is);
/// The packages that choose one of these sub-features.
[[nodiscard]] std::vector<User> users_of_sub_features(const Snapshot& state, Id feature,
                                                      const std::vector<std::string>& keys);

}  // namespace togglecast::domain
