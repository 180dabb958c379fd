// API keys of machines.
#include "http_api/handlers/entities.hpp"
#include "http_api/handlers/handlers.hpp"

namespace togglecast::http_api {

void list_api_keys(const CallPtr& call) {
  list_entities<domain::ApiKey>(call, [call](const service::PageQuery& query) {
    return call->application().api_keys().list(call->who(), query);
  });
}

// Only this answer shows the key itself.
void create_api_key(const CallPtr& call) {
  const auto body = call->body();
  if (!body) return call->refuse(body.error());
  const auto options = call->write_options();
  if (!options) return call->refuse(options.error());
  call->application().api_keys().create(
      call->who(), *body, *options, [call](Result<service::MadeApiKey> made) {
        call->resume([call, made = std::move(made)] {
          if (!made) return call->refuse(made.error());
          Answer answer = with_entity(
              {.status = 201,
               .location = "/api/v1/api-keys/" + json::serialize(*json::find(made->record, "id"))},
              made->record, made->epoch);
          answer.body->as_object()["key"] = made->key.reveal();
          call->answer(answer);
        });
      });
}

void read_api_key(const CallPtr& call) {
  const auto id = call->id("id");
  if (!id) return call->refuse(id.error());
  answer_entity(*call, call->application().api_keys().find(call->who(), *id));
}

void update_api_key(const CallPtr& call) {
  const auto id = call->id("id");
  if (!id) return call->refuse(id.error());
  const auto body = call->body();
  if (!body) return call->refuse(body.error());
  const auto options = call->write_options();
  if (!options) return call->refuse(options.error());
  call->application().api_keys().update(call->who(), *id, *body, *options,
                                        changed(call, {domain::Kind::api_key, *id}));
}

void delete_api_key(const CallPtr& call) {
  const auto id = call->id("id");
  if (!id) return call->refuse(id.error());
  const auto options = call->write_options();
  if (!options) return call->refuse(options.error());
  call->application().api_keys().remove(call->who(), *id, *options,
                                        removed(call, {domain::Kind::api_key, *id}));
}

}  // namespace togglecast::http_api
