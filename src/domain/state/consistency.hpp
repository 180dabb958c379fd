// What must hold between entities, whoever writes: what is named exists, rules can be compiled, nothing goes
// in circles. Checked on the state that a change leads to, by the writer, for every change.
// Thread rule: pure functions.
#pragma once

#include <string>
#include <vector>

#include "domain/state/change.hpp"
#include "domain/state/snapshot.hpp"

namespace togglecast::domain {

/// `invalid_argument` with every place, by its JSON Pointer within the entity; the message names the entity
/// when the change has several. Only what the change brings is held against it: what was dangling before,
/// since somebody insisted on a deletion, may stay.
[[nodiscard]] Result<void> check_consistent(const Snapshot& before, const Snapshot& after,
                                            const Change& change);

/// An entity that names another one.
struct User {
  Kind kind = Kind::feature;
  Id id = 0;
  std::string key;
  std::string name;
};
/// Who stands in the way of deleting this entity: by kind, then id. Tokens go with their client.
[[nodiscard]] std::vector<User> users_of(const Snapshot& state, Kind kind, Id id);

/// The sub-features of `was` that `is` has no more.
[[nodiscard]] std::vector<std::string> dropped_sub_features(const Feature& was, const Feature& is);
/// The packages that choose one of these.
[[nodiscard]] std::vector<User> users_of_sub_features(const Snapshot& state, Id feature,
                                                      const std::vector<std::string>& keys);

}  // namespace togglecast::domain
