// A change is a value: what was, what is, for each entity it touches. Stored as canonical text; `invert`
// turns it around; `apply` (see snapshot.hpp) is the only thing that ever gives it effect. Thread rule: plain
// values.
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
  json::value before;  ///< null: it did not exist
  json::value after;   ///< null: it does not exist any more
};

struct Change {
  Revision base_revision = 0;  ///< the state it was made for; it leads to the next one
  std::vector<Op> ops;         ///< in the order they take effect
};

/// Equal changes give equal text.
[[nodiscard]] std::string to_text(const Change& change);
/// `internal` when the text is none of ours; `unavailable` when its format is newer than this program.
[[nodiscard]] Result<Change> parse_change(std::string_view text);

/// Leads from where `change` led back to where it started.
[[nodiscard]] Change invert(const Change& change);

}  // namespace togglecast::domain
