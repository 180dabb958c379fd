#include "domain/platform.hpp"

namespace togglecast::domain {
namespace {

PlatformFields read_fields(FieldReader& in) {
  PlatformFields fields;
  fields.name = in.line("name", kMaxName);
  fields.description = in.text("description", kMaxDescription);
  fields.enabled = in.boolean("enabled");
  fields.config = in.object("config", kMaxConfig, kMaxConfigDepth);
  fields.maintenance_note = in.text("maintenance_note", kMaxMaintenanceNote);
  return fields;
}

}  // namespace

Result<Platform> Platform::from_json(const json::value& body) {
  FieldReader in(body);
  in.require({"key", "name", "enabled", "config"});
  Platform platform;
  read_stamps(in, platform);
  PlatformFields fields = read_fields(in);
  fields.key = in.key("key");
  if (auto ok = in.finish(); !ok) return stored_body_error("platform", ok.error());
  assign(platform, fields);
  return platform;
}

json::object to_json(const Platform& platform) {
  json::object out;
  out.reserve(10);
  out["id"] = platform.id;
  out["key"] = platform.key;
  out["name"] = platform.name;
  out["description"] = platform.description;
  out["enabled"] = platform.enabled;
  out["config"] = platform.config;
  out["maintenance_note"] = platform.maintenance_note;
  write_stamps(out, platform);
  return out;
}

Result<PlatformFields> read_new_platform(const json::value& body) {
  FieldReader in(body);
  PlatformFields fields = read_fields(in);
  fields.key = in.key("key");
  in.require({"key", "name"});
  deny_stamps(in);
  return in.finish().map([&] { return fields; });
}

Result<PlatformFields> read_platform_patch(const json::value& body) {
  FieldReader in(body);
  PlatformFields fields = read_fields(in);
  deny_key_and_stamps(in);
  return in.finish().map([&] { return fields; });
}

void assign(Platform& platform, const PlatformFields& fields) {
  if (fields.key) platform.key = *fields.key;
  if (fields.name) platform.name = *fields.name;
  if (fields.description) platform.description = *fields.description;
  if (fields.enabled) platform.enabled = *fields.enabled;
  if (fields.config) platform.config = *fields.config;
  if (fields.maintenance_note) platform.maintenance_note = *fields.maintenance_note;
}

}  // namespace togglecast::domain
