#include "http_api/handlers/entities.hpp"

#include <algorithm>

#include "domain/schema/environment.hpp"
#include "domain/schema/fields.hpp"

namespace togglecast::http_api {
namespace {

// Both versions of an entity when `If-Match` names another one: the current version, and the caller's
// version, if it named only one and the read model still has it.
json::object both_versions(Call& call, WriteTarget entity, const domain::IfMatch& expected) {
  const auto& model = call.application().model();
  const std::string_view environment = environment_of(call, entity.kind);
  const auto state = model.current(environment);
  json::object more;
  json::value current = state->body(entity.kind, entity.id);
  const auto version = domain::version_of(current, state->head().epoch);
  if (!version || expected.allows(*version)) return more;  // the conflict has another reason
  more["current"] = domain::with_etag(std::move(current), version->epoch);
  if (expected.any_of().size() != 1) return more;
  const domain::Version& wanted = expected.any_of().front();
  more["expected_revision"] = wanted.revision;
  more["expected_epoch"] = wanted.epoch;
  if (const auto then = model.at(environment, wanted.revision)) {
    json::value known = then->body(entity.kind, entity.id);
    if (domain::version_of(known, then->head().epoch) == wanted)
      more["expected"] = domain::with_etag(std::move(known), wanted.epoch);
  }
  return more;
}

// The users that block a deletion or an update.
json::object users_that_block(const Call& call, WriteTarget entity) {
  const bool is_update = call.request().method == wire::http::Method::patch;
  const bool is_removal = call.request().method == wire::http::Method::del;
  if (!(is_update || is_removal) || !call.route().pattern.ends_with("/{id}")) return {};  // of a part of it
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
  if (domain::kInstallationKinds.contains(kind)) return domain::kSystemEnvironment;
  return call.who().environment;
}

domain::SnapshotPtr state_of(const Call& call, domain::Kind kind) {
  return call.application().model().current(environment_of(call, kind));
}

std::optional<domain::Revision> revision_of(const Call& call, const domain::Snapshot& state) {
  if (state.environment() != call.who().environment) return std::nullopt;
  return state.revision();
}

bool answer_kept_page(Call& call, domain::Kind kind, const service::PageQuery& query) {
  if (!query.cursor.empty()) return false;  // it may belong to an older state
  const auto state = state_of(call, kind);
  return answer_kept(call, tag_of(*state) + query.tag_suffix(), revision_of(call, *state));
}

std::int64_t epoch_of(const Call& call, domain::Kind kind) { return state_of(call, kind)->head().epoch; }

Answer with_entity(Answer answer, json::value body, std::int64_t epoch) {
  if (const auto version = domain::version_of(body, epoch)) answer.etag = domain::to_string(*version);
  answer.body = domain::with_etag(std::move(body), epoch);
  return answer;
}

json::object user_json(const domain::User& user) {
  return {{"entity_type", domain::to_string(user.kind)},
          {"entity_id", user.id},
          {"key", user.key},
          {"name", user.name}};
}

json::object members_of(const std::vector<domain::User>& users) {
  constexpr std::size_t kShown = 100;
  if (users.empty()) return {};
  json::array shown;
  for (std::size_t i = 0; i < std::min(users.size(), kShown); ++i) shown.push_back(user_json(users[i]));
  return {{"users", std::move(shown)}, {"users_total", users.size()}};
}

void refuse_write(Call& call, const Error& error, WriteTarget entity) {
  if (error.code != Errc::conflict) return call.refuse(error);
  const auto options = call.write_options();
  json::object more;
  if (options && !options->if_match.empty()) more = both_versions(call, entity, options->if_match);
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
    return with_entity({.status = 201,
                        .revision = revision_of(*call, written),
                        .location = collection + std::to_string(written.id),
                        .replayed = written.replayed},
                       written.body, written.epoch);
  });
}

changes::Done changed(const CallPtr& call, WriteTarget entity) {
  const auto answer_to = [call](const changes::Written& written) {
    return with_entity({.revision = revision_of(*call, written), .replayed = written.replayed}, written.body,
                       written.epoch);
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
