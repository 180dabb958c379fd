#include "service/activity.hpp"

#include "http_api/call.hpp"
#include "http_api/handlers.hpp"

namespace togglecast::http_api {
namespace {

constexpr std::int64_t kUsualPage = 50;

Result<storage::LogQuery> read_query(const Call& call) {
  if (auto ok = call.only_parameters({"limit", "before", "entity_type", "entity_id"}); !ok)
    return tl::unexpected(ok.error());
  const auto limit = call.number("limit", kUsualPage, 1, service::kMaxActivity);
  if (!limit) return tl::unexpected(limit.error());
  const auto before = call.number("before", 0, 1, domain::kMaxId);
  if (!before) return tl::unexpected(before.error());
  const auto id = call.number("entity_id", 0, 1, domain::kMaxId);
  if (!id) return tl::unexpected(id.error());
  storage::LogQuery query{.before = *before, .limit = static_cast<std::size_t>(*limit), .kind = {}, .id = {}};
  const auto& parameters = call.request().query;
  if (parameters.contains("entity_type")) {
    query.kind = domain::parse_kind(parameters.value("entity_type"));
    if (!query.kind) return fail(Errc::invalid_argument, "the parameter entity_type names no kind of entity");
  }
  if (*id != 0) {
    if (!query.kind)
      return fail(Errc::invalid_argument, "the parameter entity_id needs entity_type beside it");
    query.id = *id;
  }
  return query;
}

}  // namespace

void list_activity(const CallPtr& call) {
  const auto query = read_query(*call);
  if (!query) return call->refuse(query.error());
  call->product().activity().page(call->who(), *query, [call](Result<service::ActivityPage> page) {
    call->resume([call, page = std::move(page)] {
      if (!page) return call->refuse(page.error());
      json::object body{{"items", page->entries}};
      if (page->next != 0) body["next"] = page->next;
      call->answer({.body = std::move(body)});
    });
  });
}

}  // namespace togglecast::http_api
