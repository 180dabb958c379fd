#include "domain/entities/environment.hpp"

namespace togglecast::domain {

Result<EnvironmentRecord> EnvironmentRecord::from_json(const json::value& body) {
  FieldReader in(body);
  in.require({"key"});
  EnvironmentRecord environment;
  read_stamps(in, environment);
  environment.key = in.key("key").value_or("");
  if (in.has_value("copied_from")) environment.copied_from = in.key("copied_from");
  environment.copied_clients = in.boolean("copied_clients").value_or(false);
  if (auto ok = in.finish(); !ok) return stored_body_error("environment", ok.error());
  return environment;
}

json::object to_json(const EnvironmentRecord& environment) {
  json::object out;
  out.reserve(8);
  out["id"] = environment.id;
  out["key"] = environment.key;
  out["copied_from"] = environment.copied_from ? json::value(*environment.copied_from) : json::value(nullptr);
  out["copied_clients"] = environment.copied_clients;
  write_stamps(out, environment);
  return out;
}

}  // namespace togglecast::domain
