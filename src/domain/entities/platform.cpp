#include "domain/entities/platform.hpp"

namespace togglecast::domain {
namespace {

void read_members(FieldReader& in, Platform& platform) {
  assign(platform.name, in.line("name", kMaxName));
  assign(platform.description, in.text("description", kMaxDescription));
  assign(platform.enabled, in.boolean("enabled"));
  assign(platform.config, in.object("config", kMaxConfig, kMaxConfigDepth));
  assign(platform.maintenance_note, in.text("maintenance_note", kMaxMaintenanceNote));
}

}  // namespace

Result<Platform> Platform::from_json(const json::value& body) {
  FieldReader in(body);
  in.require({"key", "name", "enabled", "config"});
  Platform platform;
  read_stamps(in, platform);
  platform.key = in.key("key").value_or("");
  read_members(in, platform);
  platform.assets = read_assets(in);
  if (auto ok = in.finish(); !ok) return stored_body_error("platform", ok.error());
  return platform;
}

json::object to_json(const Platform& platform) {
  json::object out;
  out.reserve(11);
  out["id"] = platform.id;
  out["key"] = platform.key;
  out["name"] = platform.name;
  out["description"] = platform.description;
  out["enabled"] = platform.enabled;
  out["config"] = platform.config;
  out["maintenance_note"] = platform.maintenance_note;
  write_assets(out, platform.assets);
  write_stamps(out, platform);
  return out;
}

Result<Platform> Platform::read_new(const json::value& body) {
  FieldReader in(body);
  Platform platform;
  platform.key = in.key("key").value_or("");
  read_members(in, platform);
  in.require({"key", "name"});
  deny_assets(in);
  deny_stamps(in);
  return in.finish(std::move(platform));
}

Result<Platform> patched(Platform platform, const json::value& body) {
  FieldReader in(body);
  read_members(in, platform);
  deny_assets(in);
  deny_key_and_stamps(in);
  return in.finish(std::move(platform));
}

}  // namespace togglecast::domain
