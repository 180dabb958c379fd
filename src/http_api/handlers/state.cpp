#include "http_api/handlers/state.hpp"

#include <algorithm>

#include "http_api/handlers/entities.hpp"
#include "http_api/handlers/handlers.hpp"

namespace togglecast::http_api {
namespace {

using TagOf = std::string (*)(const Call& call, const json::value& answer);

std::string tag_of_entity(const Call&, const json::value& body) { return etag_of(body); }

// A state is identified by epoch and revision.
std::string tag_of_state(const Call& call, const json::value& state) {
  return call.tag(json::serialize(state.at("epoch")) + ' ' + json::serialize(state.at("revision")));
}

// A difference is identified by both of its states.
std::string tag_of_difference(const Call& call, const json::value& difference) {
  return call.tag(json::serialize(difference.at("from")) + json::serialize(difference.at("to")));
}

service::History::Done answered(const CallPtr& call, TagOf tag_of) {
  return [call, tag_of](Result<json::value> answer) {
    if (!answer) return call->refuse(answer.error());
    std::string tag = tag_of(*call, *answer);
    call->answer({.body = *std::move(answer), .etag = std::move(tag)});
  };
}

}  // namespace

Result<service::Moment> moment(const Call& call, std::string_view parameter) {
  service::Moment at;
  if (!call.request().query.contains(parameter)) return at;
  const std::string_view text = call.request().query.value(parameter);
  const bool digits =
      !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (digits) {
    const auto revision = call.number(parameter, 0, 0, domain::kMaxId);
    if (!revision) return tl::unexpected(revision.error());
    at.revision = *revision;
    return at;
  }
  const auto time = parse_iso8601(text);
  if (!time) {
    return fail(Errc::invalid_argument, "the parameter " + std::string(parameter) +
                                            " must be a revision, such as 42, or an ISO 8601 time, such as "
                                            "2026-11-23T08:15:30Z");
  }
  at.time = *time;
  return at;
}

bool answered_from_the_past(const CallPtr& call, domain::Kind kind, domain::Id id) {
  if (!call->request().query.contains("at")) return false;
  const auto at = moment(*call, "at");
  if (at) {
    call->application().history().entity(call->who(), *at, kind, id, answered(call, tag_of_entity));
  } else {
    call->refuse(at.error());
  }
  return true;
}

void read_state(const CallPtr& call) {
  const auto at = moment(*call, "at");
  if (!at) return call->refuse(at.error());
  call->application().history().state(call->who(), *at, answered(call, tag_of_state));
}

void read_difference(const CallPtr& call) {
  if (!call->request().query.contains("from"))
    return call->refuse(
        {Errc::invalid_argument, "the parameter from is missing; send a revision or an ISO 8601 time", {}});
  const auto from = moment(*call, "from");
  if (!from) return call->refuse(from.error());
  const auto to = moment(*call, "to");
  if (!to) return call->refuse(to.error());
  call->application().history().difference(call->who(), *from, *to, answered(call, tag_of_difference));
}

}  // namespace togglecast::http_api
