#include "domain/schema/entity.hpp"

namespace togglecast::domain {

void read_stamps(FieldReader& in, Stamps& into) {
  in.read_as_stored();
  in.require({"id", "revision", "created_at", "updated_at"});
  into.id = in.id("id").value_or(0);
  into.revision = in.integer("revision", 0, kMaxId).value_or(0);
  into.created_at = in.time("created_at").value_or(UnixMillis{});
  into.updated_at = in.time("updated_at").value_or(UnixMillis{});
}

void write_stamps(json::object& out, const Stamps& from) {
  out["revision"] = from.revision;
  out["created_at"] = to_iso8601(from.created_at);
  out["updated_at"] = to_iso8601(from.updated_at);
}

void deny_stamps(FieldReader& in) {
  in.deny({"id", "revision", "created_at", "updated_at"}, "is set by the server");
}

void deny_key_and_stamps(FieldReader& in) {
  in.deny({"key"}, "cannot be changed");
  deny_stamps(in);
}

tl::unexpected<Error> stored_body_error(std::string_view entity, const Error& cause) {
  return fail(Errc::internal,
              "stored " + std::string(entity) +
                  " is damaged, or was written by a newer version of this program: " + cause.message);
}

}  // namespace togglecast::domain
