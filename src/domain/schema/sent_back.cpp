#include "domain/schema/sent_back.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "domain/schema/version.hpp"

namespace togglecast::domain {
namespace {

// The caller's version of the entity, when the body tells it.
Result<void> check_revision(const Version& current, const json::value& revision) {
  const auto named = integer_in(revision);
  if (!named)
    return fail_field("/revision", "must be the revision of the entity; leave it out or send it back");
  if (*named == current.revision) return {};
  return fail(Errc::conflict, "the body names revision " + std::to_string(*named) + ", but revision " +
                                  std::to_string(current.revision) + " changed this entity last");
}

Result<void> check_etag(const Version& current, const json::value& etag) {
  std::string_view text = etag.is_string() ? std::string_view(etag.get_string()) : std::string_view();
  const bool quoted = text.size() > 2 && text.front() == '"' && text.back() == '"';
  const auto named = quoted ? parse_version(text.substr(1, text.size() - 2)) : std::nullopt;
  if (!named) return fail_field("/etag", "must be the etag of the entity; leave it out or send it back");
  if (*named == current) return {};
  return fail(Errc::conflict, "the body has the etag " + std::string(text) +
                                  ", but that of the entity is \"" + to_string(current) + '"');
}

constexpr std::array<std::string_view, 15> kReadOnly{"id",
                                                     "key",
                                                     "created_at",
                                                     "sha256",
                                                     "prefix",
                                                     "environment",
                                                     "username",
                                                     "assets",
                                                     "password_changed_at",
                                                     "provider",
                                                     "issuer",
                                                     "subject",
                                                     "refresh_token_reused_at",

                                                     "password_expires_at",
                                                     "second_factor_at"};

bool equal(const json::value* a, const json::value* b) {
  return a != nullptr && b != nullptr && json::canonical(*a) == json::canonical(*b);
}

// `enabled` and `state` say the same. The one that is as before says nothing.
void keep_changed_switch(const json::object& before, json::object& body) {
  if (!body.contains("enabled") || !body.contains("state")) return;
  const bool enabled_stays = equal(before.if_contains("enabled"), body.if_contains("enabled"));
  const bool state_stays = equal(before.if_contains("state"), body.if_contains("state"));
  if (enabled_stays) {
    body.erase("enabled");
  } else if (state_stays) {
    body.erase("state");
  }
}

const json::object* sub_feature_of(const json::object& feature, std::string_view key) {
  const auto* all = feature.if_contains("sub_features");
  if (all == nullptr || !all->is_array()) return nullptr;
  for (const auto& one : all->get_array())
    if (json::string_or_empty(one, "key") == key) return one.if_object();
  return nullptr;
}

void keep_changed_switches(const json::object& before, json::object& body) {
  keep_changed_switch(before, body);
  auto* subs = body.if_contains("sub_features");
  if (subs == nullptr || !subs->is_array()) return;
  for (auto& sub : subs->get_array()) {
    const auto* was = sub.is_object() ? sub_feature_of(before, json::string_or_empty(sub, "key")) : nullptr;
    if (was != nullptr) keep_changed_switch(*was, sub.get_object());
  }
}

}  // namespace

Result<json::value> without_unchanged(const json::object& before, std::int64_t epoch, json::value body) {
  if (!body.is_object()) return body;
  auto& members = body.get_object();
  const Version current{epoch, integer_in(before.at("revision")).value_or(0)};
  if (const auto* revision = members.if_contains("revision")) {
    if (auto ok = check_revision(current, *revision); !ok) return tl::unexpected(ok.error());
    members.erase("revision");
  }
  if (const auto* etag = members.if_contains("etag")) {
    if (auto ok = check_etag(current, *etag); !ok) return tl::unexpected(ok.error());
    members.erase("etag");
  }
  members.erase("updated_at");
  for (const auto name : kReadOnly)
    if (equal(before.if_contains(name), members.if_contains(name))) members.erase(name);
  keep_changed_switches(before, members);
  return body;
}

json::value without_stamps(json::value body) {
  if (auto* members = body.if_object())
    for (const char* name : {"id", "revision", "created_at", "updated_at", "etag"}) members->erase(name);
  return body;
}

}  // namespace togglecast::domain
