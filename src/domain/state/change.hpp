// A change is a value: for each entity that it touches, the body before and after. It is stored as canonical
// text. `invert` reverses it. Only `apply` (snapshot.hpp) gives it effect. Thread rule: plain values.
//
//   {"base_revision":41,"format":1,"ops":[{"after":{…},"before":null,"entity":"platform","id":7}]}
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"
#include "domain/schema/ids.hpp"
#include "domain/schema/kind.hpp"

namespace togglecast::domain {

inline constexpr std::int64_t kChangeFormat = 1;

struct Op {
  Kind entity = Kind::platform;
  Id id = 0;
  json::value before;  ///< null: the op creates the entity
  json::value after;   ///< null: the op deletes the entity
};

struct Change {
  Revision base_revision = 0;  ///< the state that it was made for; it leads to the next revision
  std::vector<Op> ops;         ///< in the order they take effect
};

/// Equal changes give equal text.
[[nodiscard]] std::string to_text(const Change& change);
/// `internal` when the text is damaged; `unavailable` when its format is newer than this program.
[[nodiscard]] Result<Change> parse_change(std::string_view text);

/// Leads from the state after `change` to the state before it.
[[nodiscard]] Change invert(const Change& change);

}  // namespace togglecast::domain
