#include "domain/entities/token.hpp"

namespace togglecast::domain {

std::string_view to_string(SubjectKind kind) noexcept {
  switch (kind) {
    case SubjectKind::client:
      return "client";
    case SubjectKind::admin:
      return "admin";
  }
  return "";
}

std::optional<SubjectKind> parse_subject_kind(std::string_view text) noexcept {
  for (const SubjectKind kind : {SubjectKind::client, SubjectKind::admin})
    if (text == to_string(kind)) return kind;
  return std::nullopt;
}

std::string_view to_string(LoginMethod method) noexcept {
  switch (method) {
    case LoginMethod::password:
      return "password";
    case LoginMethod::oidc:
      return "oidc";
  }
  return "";
}

Result<TokenRecord> TokenRecord::from_json(const json::value& body) {
  FieldReader in(body);
  in.require({"jti", "kind", "subject_id", "environment", "expires_at"});
  TokenRecord token;
  read_stamps(in, token);
  token.jti = in.line("jti", kMaxName).value_or("");
  if (const auto kind = parse_subject_kind(in.line("kind", kMaxName).value_or(""))) {
    token.subject_kind = *kind;
  } else {
    in.refuse("kind", "must be client or admin");
  }
  token.subject_id = in.id("subject_id").value_or(0);
  token.environment = in.key("environment").value_or("");
  token.label = in.text("label", kMaxName).value_or("");
  token.device = in.text("device", kMaxDevice).value_or("");
  token.address = in.text("address", kMaxName).value_or("");
  if (const auto method = in.line("method", kMaxName)) {
    if (*method == to_string(LoginMethod::oidc)) {
      token.method = LoginMethod::oidc;
    } else if (*method != to_string(LoginMethod::password)) {
      in.refuse("method", "must be password or oidc");
    }
  }
  token.expires_at =
      in.has_value("expires_at") ? in.time("expires_at").value_or(UnixMillis{}) : kNeverExpires;
  if (in.has_value("revoked_at")) token.revoked_at = in.time("revoked_at");
  token.end = in.line("end", kMaxName).value_or("");
  if (auto ok = in.finish(); !ok) return stored_body_error("token", ok.error());
  return token;
}

json::object to_json(const TokenRecord& token) {
  json::object out;
  out.reserve(15);
  out["id"] = token.id;
  out["jti"] = token.jti;
  out["kind"] = to_string(token.subject_kind);
  out["subject_id"] = token.subject_id;
  out["environment"] = token.environment;
  out["label"] = token.label;
  if (token.subject_kind == SubjectKind::admin) {
    out["device"] = token.device;
    out["address"] = token.address;
    out["method"] = to_string(token.method);
    if (!token.end.empty()) out["end"] = token.end;
  }
  const bool ends = token.expires_at < kNeverExpires;
  out["expires_at"] = ends ? json::value(to_iso8601(token.expires_at)) : json::value(nullptr);
  out["revoked_at"] = token.revoked_at ? json::value(to_iso8601(*token.revoked_at)) : json::value(nullptr);
  write_stamps(out, token);
  return out;
}

}  // namespace togglecast::domain
