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

/// A boolean feature that is on for whoever has it.
inline Feature feature(Id id, std::string key, std::string_view more = "{}") {
  json::object body = json::parse(more).value().as_object();
  body["key"] = key;
  body["name"] = "Feature " + key;
  Feature out = read_new_feature(body).value();
  out.id = id;
  out.revision = 1;
  out.created_at = out.updated_at = {1'700'000'000'000};
  return out;
}

inline Segment segment(Id id, std::string key, std::string_view rule) {
  Segment out;
  out.id = id;
  out.revision = 1;
  out.created_at = out.updated_at = {1'700'000'000'000};
  out.key = key;
  out.name = "Segment " + key;
  out.rule = json::parse(rule).value();
  return out;
}

/// `features` and `platforms` as in a body.
inline Package package(Id id, std::string key, std::string_view features = "[]",
                       std::string_view platforms = "[]") {
  Package out;
  assign(out, read_new_package({{"key", key},
                                {"name", "Package " + key},
                                {"features", json::parse(features).value()},
                                {"platforms", json::parse(platforms).value()}})
                  .value());
  out.id = id;
  out.revision = 1;
  out.created_at = out.updated_at = {1'700'000'000'000};
  return out;
}

inline Client client_on(Id id, std::string key, Id package_id) {
  Client out = client(id, std::move(key));
  out.package_id = package_id;
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
