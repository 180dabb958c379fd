// Short ways to write entities and changes down in tests.
#pragma once

#include <map>
#include <string>

#include "domain/state/snapshot.hpp"

namespace togglecast::domain::testing {

inline json::value parse(std::string_view text) { return json::parse(text).value(); }

/// What was refused: reasons by pointer.
template <typename T>
std::map<std::string, std::string> issues(const Result<T>& result) {
  std::map<std::string, std::string> found;
  if (!result)
    for (const auto& issue : result.error().details) found[issue.pointer] = issue.reason;
  return found;
}

/// `entity` as it stands since the first revision.
template <typename T>
T stored(T entity, Id id) {
  entity.id = id;
  entity.revision = 1;
  entity.created_at = entity.updated_at = {1'700'000'000'000};
  return entity;
}

inline Platform platform(Id id, std::string key, bool enabled = true) {
  Platform out;
  out.key = key;
  out.name = "Platform " + key;
  out.enabled = enabled;
  return stored(std::move(out), id);
}

inline Client client(Id id, std::string key, bool active = true) {
  Client out;
  out.key = key;
  out.name = "Client " + key;
  out.active = active;
  return stored(std::move(out), id);
}

inline TokenRecord token(Id id, Id client_id) {
  TokenRecord out;
  out.jti = "jti-" + std::to_string(id);
  out.subject_id = client_id;
  out.environment = "production";
  out.expires_at = {1'800'000'000'000};
  return stored(std::move(out), id);
}

/// A boolean feature that is on for every client that has it.
inline Feature feature(Id id, std::string key, std::string_view more = "{}") {
  json::object body = parse(more).as_object();
  body["key"] = key;
  body["name"] = "Feature " + key;
  Feature out = Feature::read_new(body).value();
  return stored(std::move(out), id);
}

inline Segment segment(Id id, std::string key, std::string_view rule) {
  Segment out;
  out.key = key;
  out.name = "Segment " + key;
  out.rule = parse(rule);
  return stored(std::move(out), id);
}

/// `features` and `platforms` as in a body.
inline Package package(Id id, std::string key, std::string_view features = "[]",
                       std::string_view platforms = "[]") {
  Package out = Package::read_new({{"key", key},
                                   {"name", "Package " + key},
                                   {"features", parse(features)},
                                   {"platforms", parse(platforms)}})
                    .value();
  return stored(std::move(out), id);
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
