#include "http_api/handlers/entities.hpp"

#include <algorithm>

#include "domain/schema/environment.hpp"
#include "domain/schema/fields.hpp"

namespace togglecast::http_api {
namespace {

std::optional<domain::Revision> revision_in(const json::value& body) {
  const json::value* revision = json::find(body, "revision");
  if (revision == nullptr || !revision->is_int64()) return std::nullopt;
  return revision->get_int64();
}

// Both versions of an entity when `If-Match` names an older one: the current version, and the caller's
// version while the read model still has it.
json::object both_versions(Call& call, WriteTarget entity, domain::Revision expected) {
  const auto& model = call.application().model();
  const std::string_view environment = environment_of(call, entity.kind);
  json::object more;
  json::value current = model.current(environment)->body(entity.kind, entity.id);
  if (current.is_null() || revision_in(current) == expected) return more;  // the conflict has another reason
  more["current"] = std::move(current);
  more["expected_revision"] = expected;
  if (const auto then = model.at(environment, expected)) {
    json::value known = then->body(entity.kind, entity.id);
    if (revision_in(known) == expected) more["expected"] = std::move(known);
  }
  return more;
}

// The users that block a deletion or an update.
json::object users_that_block(const Call& call, WriteTarget entity) {
  const bool is_update = call.request().method == wire::http::Method::patch;
  if (!is_update && call.request().method != wire::http::Method::del) return {};
  const json::value body = call.optional_body().value_or(nullptr);
  const auto state = call.application().model().current(environment_of(call, entity.kind));
  return members_of(service::blocking_users(*state, entity.kind, entity.id, is_update ? &body : nullptr));
}

// A revision of `system` is not a revision of the caller's environment. Nothing then: the answer carries the
// newest revision of that environment.
std::optional<domain::Revision> revision_of(const Call& call, const changes::Written& written) {
  if (environment_of(call, written.kind) != call.who().environment) return std::nullopt;
  return written.revision;
}

// Answers on the shard of the call.
template <typename AnswerTo>
changes::Done then(const CallPtr& call, AnswerTo answer_to,
                   WriteTarget entity = {domain::Kind::platform, 0}) {
  return [call, answer_to = std::move(answer_to), entity](Result<changes::Written> written) {
    call->resume([call, answer_to, entity, written = std::move(written)] {
      if (!written) return refuse_write(*call, written.error(), entity);
      call->answer(answer_to(*written));
    });
  };
}

}  // namespace

std::string_view environment_of(const Call& call, domain::Kind kind) noexcept {
  if (kind == domain::Kind::admin) return domain::kSystemEnvironment;
  return call.who().environment;
}

std::string etag_of(const json::value& body) {
  const auto revision = revision_in(body);
  return revision ? entity_tag(*revision) : std::string();
}

json::object members_of(const std::vector<domain::User>& users) {
  constexpr std::size_t kShown = 100;
  if (users.empty()) return {};
  json::array shown;
  for (std::size_t i = 0; i < std::min(users.size(), kShown); ++i)
    shown.push_back(json::object{{"entity_type", domain::to_string(users[i].kind)},
                                 {"entity_id", users[i].id},
                                 {"key", users[i].key},
                                 {"name", users[i].name}});
  return {{"users", std::move(shown)}, {"users_total", users.size()}};
}

void refuse_write(Call& call, const Error& error, WriteTarget entity) {
  if (error.code != Errc::conflict) return call.refuse(error);
  const auto options = call.write_options();
  json::object more;
  if (options && options->if_revision) more = both_versions(call, entity, *options->if_revision);
  if (more.empty()) more = users_that_block(call, entity);
  call.refuse(error, 0, more);
}

Result<std::optional<bool>> toggle_value(const Call& call, std::string_view member) {
  const auto body = call.optional_body();
  if (!body) return tl::unexpected(body.error());
  domain::FieldReader in(*body);
  const auto on = in.boolean(member);
  return in.finish().map([on] { return on; });
}

changes::Done created(const CallPtr& call, std::string collection) {
  return then(call, [call, collection = std::move(collection)](const changes::Written& written) {
    return Answer{.status = 201,
                  .body = written.body,
                  .revision = revision_of(*call, written),
                  .etag = etag_of(written.body),
                  .location = collection + std::to_string(written.id),
                  .replayed = written.replayed};
  });
}

changes::Done changed(const CallPtr& call, WriteTarget entity) {
  const auto answer_to = [call](const changes::Written& written) {
    return Answer{.body = written.body,
                  .revision = revision_of(*call, written),
                  .etag = etag_of(written.body),
                  .replayed = written.replayed};
  };
  return then(call, answer_to, entity);
}

changes::Done removed(const CallPtr& call, WriteTarget entity) {
  const auto answer_to = [call](const changes::Written& written) {
    return Answer{.status = 204, .revision = revision_of(*call, written), .replayed = written.replayed};
  };
  return then(call, answer_to, entity);
}

}  // namespace togglecast::http_api
