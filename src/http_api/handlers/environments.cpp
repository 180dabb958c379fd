// Environments of the installation: list, make, copy.
#include "service/catalogue/environment_service.hpp"

#include <string>

#include "domain/schema/fields.hpp"
#include "http_api/handlers/handlers.hpp"
#include "http_api/request/call.hpp"

namespace togglecast::http_api {
namespace {

// Answers with the environment as it is now. A revision of another environment is none of the caller's.
changes::Done answer_environment(const CallPtr& call, std::string key, unsigned status) {
  return [call, key = std::move(key), status](Result<changes::Written> written) {
    call->resume([call, key, status, written = std::move(written)] {
      if (!written) return call->refuse(written.error());
      const auto state = call->application().environments().find(call->who(), key);
      if (!state) return call->refuse(state.error());
      call->answer({.status = status,
                    .body = service::describe_environment(**state),
                    .location = status == 201 ? "/api/v1/environments/" + key : std::string(),
                    .replayed = written->replayed});
    });
  };
}

}  // namespace

void list_environments(const CallPtr& call) {
  const auto states = call->application().environments().list(call->who());
  if (!states) return call->refuse(states.error());
  json::array items;
  for (const auto& state : *states) items.push_back(service::describe_environment(*state));
  const std::size_t total = items.size();
  call->answer({.body = json::object{{"items", std::move(items)}, {"total", total}}});
}

void read_environment(const CallPtr& call) {
  const auto state =
      call->application().environments().find(call->who(), std::string(call->parameter("key")));
  if (!state) return call->refuse(state.error());
  call->answer({.body = service::describe_environment(**state)});
}

void create_environment(const CallPtr& call) {
  const auto body = call->body();
  if (!body) return call->refuse(body.error());
  domain::FieldReader in(*body);
  const auto key = in.key("key");
  in.require({"key"});
  if (auto ok = in.finish(); !ok) return call->refuse(ok.error());
  const auto options = call->write_options();
  if (!options) return call->refuse(options.error());
  call->application().environments().create(call->who(), *key, *options, answer_environment(call, *key, 201));
}

void copy_environment(const CallPtr& call) {
  const auto body = call->body();
  if (!body) return call->refuse(body.error());
  domain::FieldReader in(*body);
  service::EnvironmentCopy what;
  what.from = in.key("from").value_or("");
  what.clients = in.boolean("clients").value_or(false);
  in.require({"from"});
  if (auto ok = in.finish(); !ok) return call->refuse(ok.error());
  const auto options = call->write_options();
  if (!options) return call->refuse(options.error());
  const std::string key(call->parameter("key"));
  call->application().environments().copy(call->who(), key, what, *options,
                                          answer_environment(call, key, 200));
}

}  // namespace togglecast::http_api
