// What the handlers of all entities share: pages, single bodies, and the answers to writes.
// Thread rule: the shard of the call; the callbacks made here may be called anywhere.
#pragma once

#include <string>
#include <utility>

#include "changes/committer.hpp"
#include "domain/state/consistency.hpp"
#include "http_api/request/call.hpp"

namespace togglecast::http_api {

/// Where entities of this kind live: the environment of the caller, or `system`.
[[nodiscard]] std::string_view environment_of(const Call& call, domain::Kind kind) noexcept;

template <typename T>
void answer_page(Call& call, const Result<service::Page<T>>& page) {
  if (!page) return call.refuse(page.error());
  Answer answer{.etag = call.list_tag(*page->snapshot)};
  if (page->snapshot->environment() == call.who().environment) answer.revision = page->snapshot->revision();
  if (!call.has_already(answer.etag)) {
    json::array items;
    items.reserve(page->items.size());
    for (const auto& item : page->items) items.push_back(to_json(*item));
    json::object body{{"items", std::move(items)}, {"total", page->total}};
    if (!page->next_cursor.empty()) body["next_cursor"] = page->next_cursor;
    answer.body = std::move(body);
  }
  call.answer(answer);
}

/// `find` answers the page of a query: at once, or on a worker when there is much to look through.
template <typename T, typename Find>
void list_entities(const CallPtr& call, Find find) {
  constexpr std::size_t kLookedThroughAtOnce = 1'000;
  std::vector<std::string_view> filters;
  for (const auto& rule : service::filter_rules<T>()) filters.push_back(rule.name);
  auto query = call->page_query(filters);
  if (!query) return call->refuse(query.error());
  const auto state = call->application().model().current(environment_of(*call, T::kKind));
  if (state->template table<T>().by_id.size() <= kLookedThroughAtOnce)
    return answer_page<T>(*call, find(*query));
  call->work(
      [call, find = std::move(find), query = std::move(*query)] { answer_page<T>(*call, find(query)); });
}

template <typename T>
void answer_entity(Call& call, const Result<std::shared_ptr<const T>>& entity) {
  if (!entity) return call.refuse(entity.error());
  call.answer({.body = to_json(**entity), .etag = entity_tag((*entity)->revision)});
}

/// The tag of the entity with this body, which names the revision that touched it last, not the one that a
/// write without effect found. Empty when it names none.
[[nodiscard]] std::string etag_of(const json::value& body);

/// The first hundred `users` and `users_total`; nothing when there are none.
[[nodiscard]] json::object members_of(const std::vector<domain::User>& users);

struct EntityName {
  domain::Kind kind;
  domain::Id id;
};
/// Refuses a write about `entity`. When it is not of the revision in `If-Match`: 409 with the entity as it is
/// (`current`) and, while that is still known here, as the caller knew it (`expected`, `expected_revision`).
/// When others use what was to be deleted or dropped: 409 with the first of them (`users`, `users_total`).
void refuse_write(Call& call, const Error& error, EntityName entity);

/// The body of a switch, `{"enabled": true}` with `member` as the name; nothing means: to the other side.
[[nodiscard]] Result<std::optional<bool>> wanted_side(const Call& call, std::string_view member);

/// 201 with the entity and, in `Location`, `collection` and its id.
[[nodiscard]] changes::Done created(const CallPtr& call, std::string collection);
/// 200 with the entity.
[[nodiscard]] changes::Done changed(const CallPtr& call, EntityName entity);
/// 204.
[[nodiscard]] changes::Done removed(const CallPtr& call, EntityName entity);

}  // namespace togglecast::http_api
