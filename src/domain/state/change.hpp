// A change is a value: for each entity that it touches, the body before and after. It is stored as canonical
// text. `invert` reverses it. Only `apply` (snapshot.hpp) gives it effect. Thread rule: plain values.
//
//   {"base_revision":41,"format":1,"ops":[{"after":{…},"before":null,"entity":"platform","id":7}]}
//
// An op whose two bodies are equal changes nothing: it names a feature whose rules have reached a time
// (decision 0024). Its bodies are only `{id, key, name}`, and the text has format 2.
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
inline constexpr std::int64_t kNamingFormat = 2;  ///< of a change with ops that only name an entity

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

/// The op changes nothing and only names its feature: the time has reached a constant that its rules compare
/// with.
[[nodiscard]] bool is_time_boundary(const Op& op);

/// Equal changes give equal text.
[[nodiscard]] std::string to_text(const Change& change);
/// `internal` when the text is damaged; `unavailable` when its format is newer than this program.
[[nodiscard]] Result<Change> parse_change(std::string_view text);

/// Leads from the state after `change` to the state before it.
[[nodiscard]] Change invert(const Change& change);

}  // namespace togglecast::domain
