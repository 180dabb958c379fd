// Helpers for the handlers of all entities: pages, single entities, and the answers to writes.
// Thread rule: the shard of the call. The callbacks that these functions return may be called on any thread.
#pragma once

#include <string>
#include <utility>

#include "changes/committer.hpp"
#include "domain/schema/version.hpp"
#include "domain/state/consistency.hpp"
#include "http_api/request/answer_kept.hpp"
#include "http_api/request/call.hpp"

namespace togglecast::http_api {

/// The environment of entities of this kind: the caller's, or `system`.
[[nodiscard]] std::string_view environment_of(const Call& call, domain::Kind kind) noexcept;

/// The page ends at `kPageBytes`.
template <typename T>
[[nodiscard]] std::string text_of(service::Page<T>& page, BodyTexts& bodies) {
  std::string text = R"({"items":[)";
  std::size_t items = 0;
  std::size_t bytes = 0;  // of the items alone
  for (const auto& item : page.items) {
    if (items++ != 0) text += ',';
    const std::size_t before = text.size();
    bodies.append(text, *page.snapshot, *item);
    bytes += text.size() - before;
    if (bytes >= service::kPageBytes) break;
  }
  page.cut(items);
  text += R"(],"total":)";
  json::append_number(text, page.total);
  if (!page.next_cursor.empty()) {
    text += R"(,"next_cursor":)";
    json::append_string(text, page.next_cursor);
  }
  return text += '}';
}

/// The newest state of the environment of entities of this kind.
[[nodiscard]] domain::SnapshotPtr state_of(const Call& call, domain::Kind kind);
/// The revision that an answer from this state names: unset if it is not of the caller's environment.
[[nodiscard]] std::optional<domain::Revision> revision_of(const Call& call, const domain::Snapshot& state);

/// Answers with a page that was kept, or 304. False: `answer_page` has to make it.
[[nodiscard]] bool answer_kept_page(Call& call, domain::Kind kind, const service::PageQuery& query);

/// On a worker if the page may be large.
template <typename T>
void answer_page(Call& call, Result<service::Page<T>> page, const service::PageQuery& query) {
  if (!page) return call.refuse(page.error());
  const std::string etag = tag_of(*page->snapshot) + query.tag_suffix();
  const auto revision = revision_of(call, *page->snapshot);
  if (call.has_already(etag)) return call.answer({.revision = revision, .etag = etag});
  answer_and_keep(call, etag, revision, text_of(*page, call.api().bodies()));
}

/// `find` returns the page of a query. It runs on a worker: the table or its entities may be large.
template <typename T, typename Find>
void list_entities(const CallPtr& call, Find find) {
  std::vector<std::string_view> filters;
  for (const auto& rule : service::filter_rules<T>()) filters.push_back(rule.name);
  auto query = call->page_query(filters);
  if (!query) return call->refuse(query.error());
  if (answer_kept_page(*call, T::kKind, *query)) return;
  call->work([call, find = std::move(find), query = std::move(*query)] {
    answer_page<T>(*call, find(query), query);
  });
}

/// The epoch of `state_of`.
[[nodiscard]] std::int64_t epoch_of(const Call& call, domain::Kind kind);
/// Adds to `answer` the entity with this body, and its ETag: epoch and its last revision, which a write
/// without effect does not change.
[[nodiscard]] Answer with_entity(Answer answer, json::value body, std::int64_t epoch);

template <typename T>
void answer_entity(Call& call, const Result<std::shared_ptr<const T>>& entity) {
  if (!entity) return call.refuse(entity.error());
  const auto state = state_of(call, T::kKind);
  if (state->template peek<T>((*entity)->id) != entity->get())  // it has changed meanwhile
    return call.answer(with_entity({}, to_json(**entity), state->head().epoch));
  Answer answer{.etag = domain::to_string(domain::Version{state->head().epoch, (*entity)->revision})};
  if (!call.has_already(answer.etag)) call.api().bodies().append(answer.text.emplace(), *state, **entity);
  call.answer(std::move(answer));
}

[[nodiscard]] json::object user_json(const domain::User& user);
/// The members `users` (the first hundred) and `users_total`; an empty object without users.
[[nodiscard]] json::object members_of(const std::vector<domain::User>& users);

struct WriteTarget {
  domain::Kind kind;
  domain::Id id;
};
/// Refuses a write to `entity`. A conflict is answered by 409 with more members:
///   `If-Match` names another version    `current`: the entity; `expected`, `expected_revision`: the version
///                                       that the caller knew, while the read model still has it
///   others use the deleted part         `users`, `users_total`: the first users and their number
void refuse_write(Call& call, const Error& error, WriteTarget entity);

/// The value in the body of a toggle, `{"enabled": true}`; `member` is the name. Nothing without a body:
/// toggle to the opposite.
[[nodiscard]] Result<std::optional<bool>> toggle_value(const Call& call, std::string_view member);

/// 201 with the entity and, in `Location`, `collection` and its id.
[[nodiscard]] changes::Done created(const CallPtr& call, std::string collection);
/// 200 with the entity.
[[nodiscard]] changes::Done changed(const CallPtr& call, WriteTarget entity);
/// 204.
[[nodiscard]] changes::Done removed(const CallPtr& call, WriteTarget entity);

}  // namespace togglecast::http_api
