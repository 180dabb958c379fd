// What all entities have in common, and how their stored form is read.
//
// Each entity type T offers: `T::kKind`; `unique_key()`, unique within kind and environment, which is the
// member `T::kKeyMember` of its body; `to_json(const T&)`, its body, at once its form in the change log and
// in answers to admins; and `T::from_json(body)`, the inverse. What people write by requests offers
// `T::read_new(body)`, which leaves id and stamps open, and `patched(entity, body)`: the entity with the
// members of `body` in place of its own; `key` stays for life. Thread rule: plain values.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/json.hpp"
#include "domain/schema/fields.hpp"
#include "domain/schema/ids.hpp"

namespace togglecast::domain {

inline constexpr std::size_t kMaxName = 200;
inline constexpr std::size_t kMaxDescription = 4'096;

struct Stamps {
  Id id = 0;
  Revision revision = 0;  ///< of the change that touched the entity last
  UnixMillis created_at{};
  UnixMillis updated_at{};
};

void read_stamps(FieldReader& in, Stamps& into);
void write_stamps(json::object& out, const Stamps& from);

/// A request may see them but not set them.
void deny_stamps(FieldReader& in);
/// The same, and the key stays for life.
void deny_key_and_stamps(FieldReader& in);

/// An error in a stored body is ours or the disk's, never the caller's.
[[nodiscard]] tl::unexpected<Error> stored_body_error(std::string_view entity, const Error& cause);

}  // namespace togglecast::domain
