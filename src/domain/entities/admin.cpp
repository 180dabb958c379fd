#include "domain/entities/admin.hpp"

#include <algorithm>

namespace togglecast::domain {

namespace {

constexpr std::string_view kPassword = "password";
constexpr std::string_view kOidc = "oidc";
constexpr std::size_t kMaxIssuer = 2'048;
constexpr std::size_t kMaxSubject = 255;

std::optional<ProviderIdentity> read_identity(FieldReader& in) {
  const std::string provider = in.line("provider", kMaxName).value_or(std::string(kPassword));
  auto issuer = in.line("issuer", kMaxIssuer);
  auto subject = in.line("subject", kMaxSubject);
  if (provider == kPassword) return std::nullopt;
  if (provider != kOidc) in.refuse("provider", "must be password or oidc");
  in.require({"issuer", "subject"});
  return ProviderIdentity{std::move(issuer).value_or(""), std::move(subject).value_or("")};
}

}  // namespace

bool is_username(std::string_view text) noexcept {
  const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !text.empty() && text.size() <= 64 && plain(text.front()) &&
         std::all_of(text.begin(), text.end(), [&](char c) {
           return plain(c) || std::string_view("._@+-").find(c) != std::string_view::npos;
         });
}

Standing AdminUser::standing_in(std::string_view environment) const noexcept {
  if (role == Role::owner) return role;
  const auto other = environments.find(environment);
  return {other == environments.end() ? role : other->second, false};
}

Result<AdminUser> AdminUser::from_json(const json::value& body) {
  FieldReader in(body);
  in.require({"username", "role", "password_changed_at"});
  AdminUser admin;
  read_stamps(in, admin);
  admin.username = in.line("username", kMaxName).value_or("");
  if (const auto role = parse_role(in.line("role", kMaxName).value_or(""))) {
    admin.role = *role;
  } else {
    in.refuse("role", "must be viewer, editor, owner or none");
  }
  if (const auto* environments = in.any("environments");
      environments != nullptr && environments->is_object()) {
    for (const auto& [environment, role] : environments->get_object()) {
      const auto* text = role.if_string();
      const auto known = text == nullptr ? std::nullopt : parse_role(*text);
      if (known) admin.environments.emplace(environment, *known);
    }
  }
  admin.active = in.boolean("active").value_or(true);
  admin.password_changed_at = in.time("password_changed_at").value_or(UnixMillis{});
  if (in.has_value("refresh_token_reused_at"))
    admin.refresh_token_reused_at = in.time("refresh_token_reused_at");
  if (in.has_value("password_expires_at")) admin.password_expires_at = in.time("password_expires_at");
  if (in.has_value("second_factor_at")) admin.second_factor_at = in.time("second_factor_at");
  admin.identity = read_identity(in);
  if (auto ok = in.finish(); !ok) return stored_body_error("admin", ok.error());
  return admin;
}

json::object to_json(const AdminUser& admin) {
  json::object out;
  out.reserve(16);
  out["id"] = admin.id;
  out["username"] = admin.username;
  out["role"] = to_string(admin.role);
  if (!admin.environments.empty()) {
    json::object roles;
    for (const auto& [environment, role] : admin.environments) roles[environment] = to_string(role);
    out["environments"] = std::move(roles);
  }
  out["active"] = admin.active;
  out["password_changed_at"] = to_iso8601(admin.password_changed_at);
  if (admin.refresh_token_reused_at)
    out["refresh_token_reused_at"] = to_iso8601(*admin.refresh_token_reused_at);
  if (admin.password_expires_at) out["password_expires_at"] = to_iso8601(*admin.password_expires_at);
  if (admin.second_factor_at) out["second_factor_at"] = to_iso8601(*admin.second_factor_at);
  out["provider"] = admin.identity ? kOidc : kPassword;
  if (admin.identity) {
    out["issuer"] = admin.identity->issuer;
    out["subject"] = admin.identity->subject;
  }
  write_stamps(out, admin);
  return out;
}

}  // namespace togglecast::domain
