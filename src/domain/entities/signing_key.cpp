#include "domain/entities/signing_key.hpp"

namespace togglecast::domain {

Result<SigningKeyRecord> SigningKeyRecord::from_json(const json::value& body) {
  FieldReader in(body);
  in.require({"kid", "algorithm"});
  SigningKeyRecord key;
  read_stamps(in, key);
  key.kid = in.line("kid", kMaxName).value_or("");
  key.algorithm = in.line("algorithm", kMaxName).value_or("");
  if (in.has_value("retired_at")) key.retired_at = in.time("retired_at");
  if (auto ok = in.finish(); !ok) return stored_body_error("signing key", ok.error());
  return key;
}

json::object to_json(const SigningKeyRecord& key) {
  json::object out;
  out.reserve(7);
  out["id"] = key.id;
  out["kid"] = key.kid;
  out["algorithm"] = key.algorithm;
  if (key.retired_at) out["retired_at"] = to_iso8601(*key.retired_at);
  write_stamps(out, key);
  return out;
}

}  // namespace togglecast::domain
