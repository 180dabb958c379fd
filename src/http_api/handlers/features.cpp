#include "http_api/handlers/entities.hpp"
#include "http_api/handlers/handlers.hpp"

namespace togglecast::http_api {

void toggle_sub_feature(const CallPtr& call) {
  const auto id = call->id("id");
  if (!id) return call->refuse(id.error());
  const auto on = toggle_value(*call, "enabled");
  if (!on) return call->refuse(on.error());
  const auto options = call->write_options();
  if (!options) return call->refuse(options.error());
  call->application().features().toggle_sub_feature(call->who(), *id, std::string(call->parameter("key")),
                                                    *on, *options,
                                                    changed(call, {domain::Kind::feature, *id}));
}

}  // namespace togglecast::http_api
