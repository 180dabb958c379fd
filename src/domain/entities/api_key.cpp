#include "domain/entities/api_key.hpp"

namespace togglecast::domain {

Result<ApiKey> ApiKey::from_json(const json::value& body) {
  FieldReader in(body);
  in.require({"sha256", "name", "environment", "scopes"});
  ApiKey key;
  read_stamps(in, key);
  key.sha256 = in.line("sha256", kMaxName).value_or("");
  key.prefix = in.line("prefix", kMaxName).value_or("");
  key.name = in.line("name", kMaxName).value_or("");
  key.environment = in.key("environment").value_or("");
  if (const auto* scopes = in.array("scopes", kAllScopes.size())) {
    for (const auto& one : *scopes) {
      const auto* text = one.if_string();
      if (const auto scope = text == nullptr ? std::nullopt : parse_scope(*text)) key.scopes.add(*scope);
    }
  }
  if (const auto* ranges = in.array("addresses", kMaxApiKeyRanges)) {
    for (const auto& one : *ranges)
      if (const auto* text = one.if_string()) key.addresses.emplace_back(*text);
  }
  if (in.has_value("expires_at")) key.expires_at = in.time("expires_at");
  key.active = in.boolean("active").value_or(true);
  if (auto ok = in.finish(); !ok) return stored_body_error("API key", ok.error());
  return key;
}

json::array to_json(Scopes scopes) {
  json::array names;
  for (const Scope scope : kAllScopes)
    if (scopes.contains(scope)) names.emplace_back(to_string(scope));
  return names;
}

json::object to_json(const ApiKey& key) {
  json::object out;
  out.reserve(13);
  out["id"] = key.id;
  out["name"] = key.name;
  out["prefix"] = key.prefix;
  out["sha256"] = key.sha256;
  out["environment"] = key.environment;
  out["scopes"] = to_json(key.scopes);
  out["addresses"] = json::array(key.addresses.begin(), key.addresses.end());
  out["expires_at"] = key.expires_at ? json::value(to_iso8601(*key.expires_at)) : json::value(nullptr);
  out["active"] = key.active;
  write_stamps(out, key);
  return out;
}

}  // namespace togglecast::domain
