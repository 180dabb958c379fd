#include "http_api/entities.hpp"

namespace togglecast::http_api {
namespace {

// The entity in the body carries the revision that touched it last, which a write without effect leaves.
std::optional<domain::Revision> etag_of(const json::value& body) {
  const json::value* revision = json::find(body, "revision");
  if (revision == nullptr || !revision->is_int64()) return std::nullopt;
  return revision->get_int64();
}

// A conflict is a failed precondition when the entity is not the one that `If-Match` names.
void refuse_write(Call& call, const Error& error, EntityName entity) {
  bool failed_precondition = false;
  const auto options = call.write_options();
  const auto state = call.product().model().current(call.who().environment);
  if (error.code == Errc::conflict && options && options->if_revision && state != nullptr)
    failed_precondition = etag_of(state->body(entity.kind, entity.id)) != options->if_revision;
  call.refuse(error, failed_precondition ? 412 : 0);
}

// Back on the shard of the call.
template <typename AnswerTo>
service::Done then(const CallPtr& call, AnswerTo answer_to, EntityName entity = {domain::Kind::platform, 0}) {
  return [call, answer_to = std::move(answer_to), entity](Result<service::Written> written) {
    call->resume([call, answer_to, entity, written = std::move(written)] {
      if (!written) return refuse_write(*call, written.error(), entity);
      call->answer(answer_to(*written));
    });
  };
}

}  // namespace

service::Done created(const CallPtr& call, std::string collection) {
  return then(call, [collection = std::move(collection)](const service::Written& written) {
    return Answer{.status = 201,
                  .body = written.body,
                  .revision = written.revision,
                  .etag = etag_of(written.body),
                  .location = collection + std::to_string(written.id),
                  .replayed = written.replayed};
  });
}

service::Done changed(const CallPtr& call, EntityName entity) {
  const auto answer_to = [](const service::Written& written) {
    return Answer{.body = written.body,
                  .revision = written.revision,
                  .etag = etag_of(written.body),
                  .replayed = written.replayed};
  };
  return then(call, answer_to, entity);
}

service::Done removed(const CallPtr& call, EntityName entity) {
  const auto answer_to = [](const service::Written& written) {
    return Answer{.status = 204, .revision = written.revision, .replayed = written.replayed};
  };
  return then(call, answer_to, entity);
}

}  // namespace togglecast::http_api
