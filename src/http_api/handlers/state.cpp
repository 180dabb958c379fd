#include "http_api/handlers/state.hpp"

#include <algorithm>

#include "http_api/handlers/entities.hpp"
#include "http_api/handlers/handlers.hpp"
#include "http_api/request/answer_kept.hpp"

namespace togglecast::http_api {
namespace {

using TagOf = std::string (*)(const Call& call, const json::value& answer);

domain::Version version_in(const json::value& head) {
  return {domain::integer_in(head.at("epoch")).value_or(0),
          domain::integer_in(head.at("revision")).value_or(0)};
}

// An entity has its tag in its body, with quotes.
std::string tag_of_entity(const Call&, const json::value& body) {
  const std::string_view etag = json::string_or_empty(body, "etag");
  return std::string(etag.substr(1, etag.size() - 2));
}

std::string tag_of_state(const Call& call, const json::value& state) {
  return call.tag_for_role(domain::to_string(version_in(state)));
}

// The same path leads to another difference only when the newer of both states is another one.
std::string tag_of_difference(const Call& call, const json::value& difference) {
  const auto from = version_in(difference.at("from"));
  const auto to = version_in(difference.at("to"));
  return call.tag_for_role(domain::to_string(to.revision >= from.revision ? to : from));
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
  if (const auto named = domain::parse_named_revision(text)) {
    at.revision = *named;
    return at;
  }
  const auto time = parse_iso8601(text);
  if (!time) {
    return fail(Errc::invalid_argument,
                "the parameter " + std::string(parameter) +
                    " must be a revision, such as 42 or, with its epoch, 1.42, or an ISO 8601 time, such as "
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
  auto done = answered(call, tag_of_state);
  if (!call->request().query.contains("at")) {
    const auto state = call->application().model().current(call->who().environment);
    if (answer_kept(*call, call->tag_for_role(tag_of(*state)), std::nullopt)) return;
    done = [call](const Result<json::value>& answer) {
      if (!answer) return call->refuse(answer.error());
      answer_and_keep(*call, tag_of_state(*call, *answer), std::nullopt, json::serialize(*answer));
    };
  }
  call->application().history().state(call->who(), *at, std::move(done));
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
