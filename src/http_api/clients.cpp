#include "http_api/entities.hpp"
#include "http_api/handlers.hpp"

namespace togglecast::http_api {

void list_clients(const CallPtr& call) {
  list_entities<domain::Client>(call, [call](const service::PageQuery& query) {
    return call->product().clients().list(call->who(), query);
  });
}

void create_client(const CallPtr& call) {
  const auto body = call->body();
  if (!body) return call->refuse(body.error());
  const auto options = call->write_options();
  if (!options) return call->refuse(options.error());
  call->product().clients().create(call->who(), *body, *options, created(call, "/api/v1/clients/"));
}

void read_client(const CallPtr& call) {
  const auto id = call->id("id");
  if (!id) return call->refuse(id.error());
  answer_entity(*call, call->product().clients().find(call->who(), *id));
}

void update_client(const CallPtr& call) {
  const auto id = call->id("id");
  if (!id) return call->refuse(id.error());
  const auto body = call->body();
  if (!body) return call->refuse(body.error());
  const auto options = call->write_options();
  if (!options) return call->refuse(options.error());
  call->product().clients().update(call->who(), *id, *body, *options,
                                   changed(call, {domain::Kind::client, *id}));
}

void delete_client(const CallPtr& call) {
  const auto id = call->id("id");
  if (!id) return call->refuse(id.error());
  const auto options = call->write_options();
  if (!options) return call->refuse(options.error());
  call->product().clients().remove(call->who(), *id, *options, removed(call, {domain::Kind::client, *id}));
}

}  // namespace togglecast::http_api
