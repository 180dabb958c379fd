// Helpers of builders: ops with their stamps, the check for "nothing changed", and the entity of a write.
// Thread rule: the committer's thread; `own_write` is pure.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "changes/actor.hpp"
#include "changes/write_request.hpp"
#include "domain/schema/version.hpp"

namespace togglecast::changes {

template <typename T>
[[nodiscard]] domain::Op create_op(T& entity, domain::Id id, const WriteContext& context) {
  entity.id = id;
  entity.revision = context.revision();
  entity.created_at = entity.updated_at = context.at();
  return {T::kKind, id, nullptr, to_json(entity)};
}

/// Nothing when `after` equals `before`.
template <typename T>
[[nodiscard]] std::optional<domain::Op> update_op(const T& before, T after, const WriteContext& context) {
  json::value was = to_json(before);
  if (json::canonical(was) == json::canonical(to_json(after))) return std::nullopt;
  after.revision = context.revision();
  after.updated_at = context.at();
  return domain::Op{T::kKind, before.id, std::move(was), to_json(after)};
}

template <typename T>
[[nodiscard]] domain::Op delete_op(const T& entity) {
  return {T::kKind, entity.id, to_json(entity), nullptr};
}

/// The entity of a write. `not_found` without it, `conflict` when it has none of the requested versions.
template <typename T>
[[nodiscard]] Result<std::shared_ptr<const T>> subject(const WriteContext& context, domain::Id id,
                                                       const domain::IfMatch& if_match) {
  auto found = context.state().template find<T>(id);
  const auto name = [&] { return std::string(domain::to_string(T::kKind)) + ' ' + std::to_string(id); };
  if (found == nullptr) return fail(Errc::not_found, "there is no " + name());
  const domain::Version version{context.state().head().epoch, found->revision};
  if (!if_match.allows(version)) {
    return fail(Errc::conflict, name() + " was changed by revision " + std::to_string(found->revision) +
                                    "; its ETag is now \"" + to_string(version) + '"');
  }
  return found;
}

/// A draft about an existing entity, with or without an op.
template <typename T>
[[nodiscard]] Draft draft_about(const T& entity, std::optional<domain::Op> op) {
  Draft draft{T::kKind, entity.id, {}, {}};
  if (op) draft.ops.push_back(std::move(*op));
  return draft;
}

/// A write that the server makes by itself.
[[nodiscard]] WriteRequest own_write(std::string environment, Source source, Build build);

}  // namespace togglecast::changes
