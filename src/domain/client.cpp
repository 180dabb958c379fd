#include "domain/client.hpp"

#include <algorithm>

#include "domain/platform.hpp"

namespace togglecast::domain {
namespace {

using evaluation::Override;

// `{feature_id?, value | removed: true, reason?, expires_at?}`
Result<Override> read_override_members(FieldReader& in) {
  Override read;
  read.removed = in.boolean("removed").value_or(false);
  const json::value* value = in.any("value");
  if (value != nullptr && !value->is_null()) read.value = *value;
  if (read.removed == !read.value.is_null()) in.refuse("value", "stands here or removed is true, not both");
  if (json::serialize(read.value).size() > kMaxOverrideValue)
    in.refuse("value", "must be at most " + std::to_string(kMaxOverrideValue) + " bytes of JSON");
  read.reason = in.text("reason", kMaxDescription).value_or("");
  if (in.has_value("expires_at")) read.expires_at = in.time("expires_at");
  return in.finish().map([&] { return read; });
}

std::optional<std::vector<Override>> read_overrides(FieldReader& in) {
  const auto* elements = in.array("overrides", kMaxOverrides);
  if (elements == nullptr) return std::nullopt;
  std::vector<Override> overrides;
  std::vector<FieldIssue> issues;
  for (std::size_t i = 0; i < elements->size(); ++i) {
    FieldReader element((*elements)[i]);
    element.require({"feature_id"});
    const Id feature = element.id("feature_id").value_or(0);
    auto read = read_override_members(element);
    if (read) {
      read->feature = feature;
      overrides.push_back(std::move(*read));
      continue;
    }
    for (FieldIssue issue : read.error().details) {
      issue.pointer.insert(0, "/overrides/" + std::to_string(i));
      issues.push_back(std::move(issue));
    }
  }
  std::sort(overrides.begin(), overrides.end(),
            [](const Override& a, const Override& b) { return a.feature < b.feature; });
  const auto twice =
      std::adjacent_find(overrides.begin(), overrides.end(),
                         [](const Override& a, const Override& b) { return a.feature == b.feature; });
  if (twice != overrides.end())
    issues.push_back({"/overrides", "names feature " + std::to_string(twice->feature) + " twice"});
  in.refuse(issues);
  return overrides;
}

ClientFields read_fields(FieldReader& in) {
  ClientFields fields;
  fields.name = in.line("name", kMaxName);
  fields.active = in.boolean("active");
  fields.attributes = in.object("attributes", kMaxAttributes, kMaxAttributesDepth);
  if (in.has_value("package_id")) {
    if (const auto package = in.id("package_id")) fields.package_id = *package;
  } else if (in.any("package_id") != nullptr) {
    fields.package_id.emplace();
  }
  fields.overrides = read_overrides(in);
  return fields;
}

}  // namespace

Result<Client> Client::from_json(const json::value& body) {
  FieldReader in(body);
  in.require({"key", "name", "active", "attributes"});
  Client client;
  read_stamps(in, client);
  ClientFields fields = read_fields(in);
  fields.key = in.key("key");
  if (auto ok = in.finish(); !ok) return stored_body_error("client", ok.error());
  assign(client, fields);
  return client;
}

json::object to_json(const Client& client) {
  json::object out;
  out.reserve(10);
  out["id"] = client.id;
  out["key"] = client.key;
  out["name"] = client.name;
  out["active"] = client.active;
  out["attributes"] = client.attributes;
  out["package_id"] = client.package_id ? json::value(*client.package_id) : json::value(nullptr);
  json::array overrides;
  overrides.reserve(client.overrides.size());
  for (const Override& one : client.overrides) {
    json::object body{{"feature_id", one.feature}};
    for (auto& member : to_json(one)) body.emplace(member.key(), std::move(member.value()));
    overrides.push_back(std::move(body));
  }
  out["overrides"] = std::move(overrides);
  write_stamps(out, client);
  return out;
}

Result<ClientFields> read_new_client(const json::value& body) {
  FieldReader in(body);
  ClientFields fields = read_fields(in);
  fields.key = in.key("key");
  in.require({"key", "name"});
  deny_stamps(in);
  return in.finish().map([&] { return fields; });
}

Result<ClientFields> read_client_patch(const json::value& body) {
  FieldReader in(body);
  ClientFields fields = read_fields(in);
  deny_key_and_stamps(in);
  return in.finish().map([&] { return fields; });
}

void assign(Client& client, const ClientFields& fields) {
  if (fields.key) client.key = *fields.key;
  if (fields.name) client.name = *fields.name;
  if (fields.active) client.active = *fields.active;
  if (fields.attributes) client.attributes = *fields.attributes;
  if (fields.package_id) client.package_id = *fields.package_id;
  if (fields.overrides) client.overrides = *fields.overrides;
}

Result<Override> read_override(const json::value& body, Id feature) {
  FieldReader in(body);
  auto read = read_override_members(in);
  if (read) read->feature = feature;
  return read;
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
