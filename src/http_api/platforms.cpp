#include "http_api/entities.hpp"
#include "http_api/handlers.hpp"

namespace togglecast::http_api {

void list_platforms(const CallPtr& call) {
  list_entities<domain::Platform>(call, [call](const service::PageQuery& query) {
    return call->product().platforms().list(call->who(), query);
  });
}

void create_platform(const CallPtr& call) {
  const auto body = call->body();
  if (!body) return call->refuse(body.error());
  const auto options = call->write_options();
  if (!options) return call->refuse(options.error());
  call->product().platforms().create(call->who(), *body, *options, created(call, "/api/v1/platforms/"));
}

void read_platform(const CallPtr& call) {
  const auto id = call->id("id");
  if (!id) return call->refuse(id.error());
  answer_entity(*call, call->product().platforms().find(call->who(), *id));
}

void update_platform(const CallPtr& call) {
  const auto id = call->id("id");
  if (!id) return call->refuse(id.error());
  const auto body = call->body();
  if (!body) return call->refuse(body.error());
  const auto options = call->write_options();
  if (!options) return call->refuse(options.error());
  call->product().platforms().update(call->who(), *id, *body, *options,
                                     changed(call, {domain::Kind::platform, *id}));
}

void delete_platform(const CallPtr& call) {
  const auto id = call->id("id");
  if (!id) return call->refuse(id.error());
  const auto options = call->write_options();
  if (!options) return call->refuse(options.error());
  call->product().platforms().remove(call->who(), *id, *options,
                                     removed(call, {domain::Kind::platform, *id}));
}

// `{"enabled": true}` switches to that side; without it, to the other one.
void toggle_platform(const CallPtr& call) {
  const auto id = call->id("id");
  if (!id) return call->refuse(id.error());
  const auto body = call->optional_body();
  if (!body) return call->refuse(body.error());
  domain::FieldReader in(*body);
  const auto enabled = in.boolean("enabled");
  if (auto ok = in.finish(); !ok) return call->refuse(ok.error());
  const auto options = call->write_options();
  if (!options) return call->refuse(options.error());
  call->product().platforms().toggle(call->who(), *id, enabled, *options,
                                     changed(call, {domain::Kind::platform, *id}));
}

}  // namespace togglecast::http_api
