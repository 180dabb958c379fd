// Short ways to write entities and changes down in tests.
#pragma once

#include <string>

#include "domain/snapshot.hpp"

namespace togglecast::domain::testing {

inline Platform platform(Id id, std::string key, bool enabled = true) {
  Platform out;
  out.id = id;
  out.revision = 1;
  out.created_at = out.updated_at = {1'700'000'000'000};
  out.key = key;
  out.name = "Platform " + key;
  out.enabled = enabled;
  return out;
}

inline Client client(Id id, std::string key, bool active = true) {
  Client out;
  out.id = id;
  out.revision = 1;
  out.created_at = out.updated_at = {1'700'000'000'000};
  out.key = key;
  out.name = "Client " + key;
  out.active = active;
  return out;
}

inline TokenRecord token(Id id, Id client_id) {
  TokenRecord out;
  out.id = id;
  out.revision = 1;
  out.created_at = out.updated_at = {1'700'000'000'000};
  out.jti = "jti-" + std::to_string(id);
  out.subject_id = client_id;
  out.environment = "production";
  out.expires_at = {1'800'000'000'000};
  return out;
}

template <typename T>
Op create(const T& entity) {
  return {T::kKind, entity.id, nullptr, to_json(entity)};
}
template <typename T>
Op update(const T& before, const T& after) {
  return {T::kKind, before.id, to_json(before), to_json(after)};
}
template <typename T>
Op erase(const T& entity) {
  return {T::kKind, entity.id, to_json(entity), nullptr};
}

/// The state one revision on.
inline SnapshotPtr step(const Snapshot& from, std::vector<Op> ops) {
  const auto row = make_row(from.environment(), from.head(), {from.as_of().value + 1'000},
                            {{"kind", "admin"}, {"id", 1}}, {from.revision(), std::move(ops)});
  return apply(from, row->change, row->head).value();
}

inline Snapshot empty_snapshot() { return Snapshot("production", Head{.as_of = {1'700'000'000'000}}); }

}  // namespace togglecast::domain::testing
