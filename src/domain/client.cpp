#include "domain/client.hpp"

#include "domain/platform.hpp"

namespace togglecast::domain {
namespace {

ClientFields read_fields(FieldReader& in) {
  ClientFields fields;
  fields.name = in.line("name", kMaxName);
  fields.active = in.boolean("active");
  fields.attributes = in.object("attributes", kMaxAttributes, kMaxAttributesDepth);
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
  if (in.has_value("package_id")) client.package_id = in.id("package_id");
  if (auto ok = in.finish(); !ok) return stored_body_error("client", ok.error());
  assign(client, fields);
  return client;
}

json::object to_json(const Client& client) {
  json::object out;
  out.reserve(9);
  out["id"] = client.id;
  out["key"] = client.key;
  out["name"] = client.name;
  out["active"] = client.active;
  out["attributes"] = client.attributes;
  out["package_id"] = client.package_id ? json::value(*client.package_id) : json::value(nullptr);
  write_stamps(out, client);
  return out;
}

Result<ClientFields> read_new_client(const json::value& body) {
  FieldReader in(body);
  ClientFields fields = read_fields(in);
  fields.key = in.key("key");
  in.require({"key", "name"});
  in.deny({"id", "package_id", "revision", "created_at", "updated_at"}, "is set by the server");
  return in.finish().map([&] { return fields; });
}

Result<ClientFields> read_client_patch(const json::value& body) {
  FieldReader in(body);
  ClientFields fields = read_fields(in);
  in.deny({"key"}, "cannot be changed");
  in.deny({"id", "package_id", "revision", "created_at", "updated_at"}, "is set by the server");
  return in.finish().map([&] { return fields; });
}

void assign(Client& client, const ClientFields& fields) {
  if (fields.key) client.key = *fields.key;
  if (fields.name) client.name = *fields.name;
  if (fields.active) client.active = *fields.active;
  if (fields.attributes) client.attributes = *fields.attributes;
}

}  // namespace togglecast::domain
