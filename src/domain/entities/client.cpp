#include "domain/entities/client.hpp"

#include <algorithm>
#include <optional>

#include "domain/entities/by_feature.hpp"

namespace togglecast::domain {
namespace {

using evaluation::Override;

Result<Override> read_override_members(FieldReader& in, Id feature) {
  Override read;
  read.feature = feature;
  read.removed = in.boolean("removed").value_or(false);
  const json::value* value = in.any("value");
  if (value != nullptr && !value->is_null()) read.value = *value;
  if (read.removed == !read.value.is_null())
    in.refuse("value", "must be there unless removed is true, and then not");
  if (json::serialize(read.value).size() > kMaxOverrideValue)
    in.refuse("value", "must be at most " + std::to_string(kMaxOverrideValue) + " bytes of JSON");
  read.reason = in.text("reason", kMaxDescription).value_or("");
  if (in.has_value("expires_at")) read.expires_at = in.time("expires_at");
  return in.finish(std::move(read));
}

Result<Override> read_named_override(const json::value& body) {
  FieldReader in(body);
  in.require({"feature_id"});
  return read_override_members(in, in.id("feature_id").value_or(0));
}

std::optional<std::vector<std::string>> read_attribute_names(FieldReader& in, std::string_view member) {
  const json::array* names = in.array(member, kMaxVisibleAttributes);
  if (names == nullptr) return std::nullopt;
  std::vector<std::string> read;
  for (std::size_t i = 0; i < names->size(); ++i) {
    const auto* name = (*names)[i].if_string();
    if (name == nullptr || name->empty() || name->size() > kMaxName) {
      in.refuse(std::vector<FieldIssue>{
          {json_pointer(member) + '/' + std::to_string(i),
           "must be the name of an attribute, of 1 to " + std::to_string(kMaxName) + " bytes"}});
    } else {
      read.emplace_back(*name);
    }
  }
  std::sort(read.begin(), read.end());
  const auto twice = std::adjacent_find(read.begin(), read.end());
  if (twice != read.end()) in.refuse(member, "names '" + *twice + "' twice");
  return read;
}

void read_members(FieldReader& in, Client& client) {
  assign(client.name, in.line("name", kMaxName));
  assign(client.active, in.boolean("active"));
  assign(client.attributes, in.object("attributes", kMaxAttributes, kMaxAttributesDepth));
  assign(client.visible_attributes, read_attribute_names(in, "visible_attributes"));
  if (in.any("package_id") != nullptr)
    client.package_id = in.has_value("package_id") ? in.id("package_id") : std::nullopt;
  if (in.any("tokens_valid_from") != nullptr)
    client.tokens_valid_from =
        in.has_value("tokens_valid_from") ? in.time("tokens_valid_from") : std::nullopt;
  assign(client.overrides, read_by_feature<Override>(in, "overrides", kMaxOverrides, read_named_override));
}

}  // namespace

Result<Client> Client::from_json(const json::value& body) {
  FieldReader in(body);
  in.require({"key", "name", "active", "attributes"});
  Client client;
  read_stamps(in, client);
  client.key = in.key("key").value_or("");
  read_members(in, client);
  if (auto ok = in.finish(); !ok) return stored_body_error("client", ok.error());
  return client;
}

json::object to_json(const Client& client) {
  json::object out;
  out.reserve(12);
  out["id"] = client.id;
  out["key"] = client.key;
  out["name"] = client.name;
  out["active"] = client.active;
  out["attributes"] = client.attributes;
  if (!client.visible_attributes.empty())  // absent when empty, as in bodies of older versions
    out["visible_attributes"] =
        json::array(client.visible_attributes.begin(), client.visible_attributes.end());
  out["package_id"] = client.package_id ? json::value(*client.package_id) : json::value(nullptr);
  json::array overrides;
  overrides.reserve(client.overrides.size());
  for (const Override& one : client.overrides) {
    json::object body{{"feature_id", one.feature}};
    for (auto& member : to_json(one)) body.emplace(member.key(), std::move(member.value()));
    overrides.push_back(std::move(body));
  }
  out["overrides"] = std::move(overrides);
  if (client.tokens_valid_from) out["tokens_valid_from"] = to_iso8601(*client.tokens_valid_from);
  write_stamps(out, client);
  return out;
}

json::object seen_by_itself(const Client& client) {
  json::object attributes;
  for (const std::string& name : client.visible_attributes)
    if (const json::value* value = client.attributes.if_contains(name)) attributes.emplace(name, *value);
  json::object out;
  out.reserve(5);
  out["id"] = client.id;
  out["key"] = client.key;
  out["name"] = client.name;
  out["active"] = client.active;
  out["attributes"] = std::move(attributes);
  return out;
}

Result<Client> Client::read_new(const json::value& body) {
  FieldReader in(body);
  Client client;
  client.key = in.key("key").value_or("");
  read_members(in, client);
  in.require({"key", "name"});
  deny_stamps(in);
  return in.finish(std::move(client));
}

Result<Client> patched(Client client, const json::value& body) {
  FieldReader in(body);
  read_members(in, client);
  deny_key_and_stamps(in);
  return in.finish(std::move(client));
}

Result<Override> read_override(const json::value& body, Id feature) {
  FieldReader in(body);
  return read_override_members(in, feature);
}

json::object to_json(const Override& override_of_client) {
  json::object out;
  if (override_of_client.removed) {
    out["removed"] = true;
  } else {
    out["value"] = override_of_client.value;
  }
  out["reason"] = override_of_client.reason;
  out["expires_at"] = override_of_client.expires_at ? json::value(to_iso8601(*override_of_client.expires_at))
                                                    : json::value(nullptr);
  return out;
}

}  // namespace togglecast::domain
