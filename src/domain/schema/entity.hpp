// The common part of all entities, and reading their stored form. Each entity type T has
//
//   T::kKind, unique_key()   the key is unique within kind and environment: member T::kKeyMember of the body
//   to_json(const T&)        its body, in the change log and in answers to admins
//   T::from_json(body)       the inverse
//
// Entities that requests write also have `T::read_new(body)`, without id and stamps, and `patched(entity,
// body)`, which replaces the members that `body` has; `key` never changes. Thread rule: plain values.
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

/// Only a stored body has stamps: the rest of it is read as such, so read them first.
void read_stamps(FieldReader& in, Stamps& into);
void write_stamps(json::object& out, const Stamps& from);

/// A request may see these members but not set them.
void deny_stamps(FieldReader& in);
/// The same, and the key cannot change.
void deny_key_and_stamps(FieldReader& in);

/// An error in a stored body is `internal`: the caller did not cause it.
[[nodiscard]] tl::unexpected<Error> stored_body_error(std::string_view entity, const Error& cause);

}  // namespace togglecast::domain
