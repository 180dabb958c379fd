// The settings of the installation.
#include "domain/installation/settings.hpp"

#include "http_api/handlers/entities.hpp"
#include "http_api/installation/installation.hpp"

namespace togglecast::http_api {

void read_settings(const CallPtr& call) {
  auto settings = call->application().settings().read(call->who());
  if (!settings) return call->refuse(settings.error());
  call->answer(with_entity({}, *std::move(settings), epoch_of(*call, domain::Kind::settings)));
}

void update_settings(const CallPtr& call) {
  const auto body = call->body();
  if (!body) return call->refuse(body.error());
  const auto options = call->write_options();
  if (!options) return call->refuse(options.error());
  call->application().settings().update(call->who(), *body, *options,
                                        changed(call, {domain::Kind::settings, domain::kSettingsId}));
}

}  // namespace togglecast::http_api
