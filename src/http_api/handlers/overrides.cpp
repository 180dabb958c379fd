// Overrides of a client.
#include "http_api/handlers/entities.hpp"
#include "http_api/handlers/handlers.hpp"

namespace togglecast::http_api {

void set_override(const CallPtr& call) {
  const auto client = call->id("id");
  if (!client) return call->refuse(client.error());
  const auto feature = call->id("feature_id");
  if (!feature) return call->refuse(feature.error());
  const auto body = call->body();
  if (!body) return call->refuse(body.error());
  const auto options = call->write_options();
  if (!options) return call->refuse(options.error());
  call->application().clients().set_override(call->who(), *client, *feature, *body, *options,
                                             changed(call, {domain::Kind::client, *client}));
}

void remove_override(const CallPtr& call) {
  const auto client = call->id("id");
  if (!client) return call->refuse(client.error());
  const auto feature = call->id("feature_id");
  if (!feature) return call->refuse(feature.error());
  const auto options = call->write_options();
  if (!options) return call->refuse(options.error());
  call->application().clients().remove_override(call->who(), *client, *feature, *options,
                                                changed(call, {domain::Kind::client, *client}));
}

}  // namespace togglecast::http_api
