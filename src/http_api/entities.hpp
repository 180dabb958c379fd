// What the handlers of all entities share: pages, single bodies, and the answers to writes.
// Thread rule: the shard of the call; the callbacks made here may be called anywhere.
#pragma once

#include <string>
#include <utility>

#include "http_api/call.hpp"
#include "service/writer.hpp"

namespace togglecast::http_api {

template <typename T>
void answer_page(Call& call, const Result<service::Page<T>>& page) {
  if (!page) return call.refuse(page.error());
  json::array items;
  items.reserve(page->items.size());
  for (const auto& item : page->items) items.push_back(to_json(*item));
  json::object body{{"items", std::move(items)}};
  if (page->next != 0) body["next"] = page->next;
  call.answer({.body = std::move(body), .revision = page->snapshot->revision()});
}

template <typename T>
void answer_entity(Call& call, const Result<std::shared_ptr<const T>>& entity) {
  if (!entity) return call.refuse(entity.error());
  call.answer({.body = to_json(**entity), .etag = (*entity)->revision});
}

/// 201 with the entity and, in `Location`, `collection` and its id.
[[nodiscard]] service::Done created(const CallPtr& call, std::string collection);
struct EntityName {
  domain::Kind kind;
  domain::Id id;
};
/// 200 with the entity. Here and below: 412 when it is not of the revision in `If-Match`.
[[nodiscard]] service::Done changed(const CallPtr& call, EntityName entity);
/// 204.
[[nodiscard]] service::Done removed(const CallPtr& call, EntityName entity);

}  // namespace togglecast::http_api
