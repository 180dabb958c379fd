#include <algorithm>

#include "domain/schema/fields.hpp"
#include "domain/schema/sent_back.hpp"
#include "http_api/handlers/entities.hpp"
#include "http_api/handlers/handlers.hpp"

namespace togglecast::http_api {
namespace {

constexpr std::size_t kMaxUsername = 64;
// Members of an answer, besides the stamps, that only the server sets.
constexpr const char* kOfTheServer[] = {"password_changed_at",
                                        "password_expires_at",
                                        "second_factor_at",
                                        "refresh_token_reused_at",
                                        "provider",
                                        "issuer",
                                        "subject"};

std::optional<domain::Role> read_role(domain::FieldReader& in) {
  const auto text = in.text("role", kMaxUsername);
  if (!text) return std::nullopt;
  const auto role = domain::parse_role(*text);
  if (!role) in.refuse("role", "must be viewer, editor, owner or none");
  return role;
}

// `{"production": "viewer", "staging": null}`; null takes a role away.
std::optional<service::EnvironmentRoles> read_environment_roles(domain::FieldReader& in) {
  const auto* sent = in.any("environments");
  if (sent == nullptr || sent->is_null()) return std::nullopt;
  if (!sent->is_object()) {
    in.refuse("environments", "must be an object with a role for each environment that it names");
    return std::nullopt;
  }
  service::EnvironmentRoles roles;
  std::vector<FieldIssue> issues;
  for (const auto& [environment, value] : sent->get_object()) {
    const auto* text = value.if_string();
    const auto role = text == nullptr ? std::nullopt : domain::parse_role(*text);
    if (!role && !value.is_null())
      issues.push_back({"/environments" + domain::json_pointer(environment),
                        "must be viewer, editor, owner or none, or null for the role of the installation"});
    roles.emplace(environment, role);
  }
  in.refuse(issues);
  return roles;
}

Secret read_password(domain::FieldReader& in) {
  auto text = in.text("password", auth::kMaxPassword);
  if (!text) return {};
  Secret password(std::move(*text));
  if (const auto ok = auth::check_new_password(password); !ok)
    in.refuse("password",
              ok.error().details.empty() ? ok.error().message : ok.error().details.front().reason);
  return password;
}

}  // namespace

void list_admins(const CallPtr& call) {
  list_entities<domain::AdminUser>(call, [call](const service::PageQuery& query) {
    return call->application().admins().list(call->who(), query);
  });
}

void create_admin(const CallPtr& call) {
  const auto sent = call->body();
  if (!sent) return call->refuse(sent.error());
  json::value body = domain::without_stamps(*sent);
  if (auto* members = body.if_object())
    for (const char* name : kOfTheServer) members->erase(name);
  domain::FieldReader in(body);
  const auto username = in.text("username", kMaxUsername);
  if (username && !domain::is_username(*username))
    in.refuse("username", "must be 1 to 64 lower-case letters, digits or any of . _ @ + -");
  const auto role = read_role(in);
  const auto environments = read_environment_roles(in);
  const Secret password = read_password(in);
  const bool active = in.boolean("active").value_or(true);
  in.require({"username", "role", "password"});
  if (auto ok = in.finish(); !ok) return call->refuse(ok.error());
  const auto options = call->write_options();
  if (!options) return call->refuse(options.error());
  call->application().admins().create(call->who(), *username, *role, password, *options,
                                      created(call, "/api/v1/admins/"), active,
                                      environments.value_or(service::EnvironmentRoles{}));
}

void read_admin(const CallPtr& call) {
  const auto id = call->id("id");
  if (!id) return call->refuse(id.error());
  answer_entity(*call, call->application().admins().find(call->who(), *id));
}

void update_admin(const CallPtr& call) {
  const auto id = call->id("id");
  if (!id) return call->refuse(id.error());
  const auto body = call->body();
  if (!body) return call->refuse(body.error());
  domain::FieldReader in(*body);
  service::AdminPatch patch;
  patch.role = read_role(in);
  patch.environments = read_environment_roles(in);
  patch.merges = call->is_merge_patch();
  patch.active = in.boolean("active");
  patch.password = read_password(in);
  const auto keep = [&](const char* name) {
    if (const auto* member = in.any(name)) patch.sent_back[name] = *member;
  };
  for (const char* name : {"id", "username", "revision", "created_at", "updated_at", "etag"}) keep(name);
  for (const char* name : kOfTheServer) keep(name);
  if (auto ok = in.finish(); !ok) return call->refuse(ok.error());
  const auto options = call->write_options();
  if (!options) return call->refuse(options.error());
  call->application().admins().update(call->who(), *id, patch, *options,
                                      changed(call, {domain::Kind::admin, *id}));
}

void delete_admin(const CallPtr& call) {
  const auto id = call->id("id");
  if (!id) return call->refuse(id.error());
  const auto options = call->write_options();
  if (!options) return call->refuse(options.error());
  call->application().admins().remove(call->who(), *id, *options, removed(call, {domain::Kind::admin, *id}));
}

void toggle_admin(const CallPtr& call) {
  const auto id = call->id("id");
  if (!id) return call->refuse(id.error());
  const auto active = toggle_value(*call, "active");
  if (!active) return call->refuse(active.error());
  const auto options = call->write_options();
  if (!options) return call->refuse(options.error());
  call->application().admins().toggle(call->who(), *id, *active, *options,
                                      changed(call, {domain::Kind::admin, *id}));
}

}  // namespace togglecast::http_api
