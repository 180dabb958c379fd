// Issuers of tokens: list, make, change, delete, and what keys they have here.
#include "http_api/handlers/entities.hpp"
#include "http_api/handlers/handlers.hpp"

namespace togglecast::http_api {

void list_issuers(const CallPtr& call) {
  list_entities<domain::Issuer>(call, [call](const service::PageQuery& query) {
    return call->application().issuers().list(call->who(), query);
  });
}

void create_issuer(const CallPtr& call) {
  const auto body = call->body();
  if (!body) return call->refuse(body.error());
  const auto options = call->write_options();
  if (!options) return call->refuse(options.error());
  call->application().issuers().create(call->who(), *body, *options, created(call, "/api/v1/issuers/"));
}

void read_issuer(const CallPtr& call) {
  const auto id = call->id("id");
  if (!id) return call->refuse(id.error());
  answer_entity(*call, call->application().issuers().find(call->who(), *id));
}

void read_issuer_keys(const CallPtr& call) {
  const auto id = call->id("id");
  if (!id) return call->refuse(id.error());
  auto keys = call->application().issuers().keys(call->who(), *id);
  if (!keys) return call->refuse(keys.error());
  call->answer({.body = *std::move(keys)});
}

void update_issuer(const CallPtr& call) {
  const auto id = call->id("id");
  if (!id) return call->refuse(id.error());
  const auto body = call->body();
  if (!body) return call->refuse(body.error());
  const auto options = call->write_options();
  if (!options) return call->refuse(options.error());
  call->application().issuers().update(call->who(), *id, *body, *options,
                                       changed(call, {domain::Kind::issuer, *id}));
}

void delete_issuer(const CallPtr& call) {
  const auto id = call->id("id");
  if (!id) return call->refuse(id.error());
  const auto options = call->write_options();
  if (!options) return call->refuse(options.error());
  call->application().issuers().remove(call->who(), *id, *options,
                                       removed(call, {domain::Kind::issuer, *id}));
}

}  // namespace togglecast::http_api
