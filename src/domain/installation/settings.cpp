#include "domain/installation/settings.hpp"

#include <array>
#include <optional>
#include <string>

namespace togglecast::domain {
namespace {

constexpr std::array kFactorRules{FactorRule::none, FactorRule::owners, FactorRule::all};
constexpr std::size_t kLongestWord = 20;

std::optional<FactorRule> read_factor_rule(FieldReader& in) {
  const auto text = in.text("require_second_factor", kLongestWord);
  if (!text) return std::nullopt;
  for (const FactorRule rule : kFactorRules)
    if (to_string(rule) == *text) return rule;
  in.refuse("require_second_factor", "must be none, owners or all");
  return std::nullopt;
}

void read_settings_members(FieldReader& in, InstallationSettings& into) {
  assign(into.require_second_factor, read_factor_rule(in));
  assign(into.password_login, in.boolean("password_login"));
}

}  // namespace

std::string_view to_string(FactorRule rule) noexcept {
  switch (rule) {
    case FactorRule::none:
      return "none";
    case FactorRule::owners:
      return "owners";
    case FactorRule::all:
      return "all";
  }
  return "";
}

const std::string& InstallationSettings::unique_key() const noexcept {
  static const std::string key = "installation";
  return key;
}

Result<InstallationSettings> InstallationSettings::from_json(const json::value& body) {
  FieldReader in(body);
  InstallationSettings settings;
  read_stamps(in, settings);
  (void)in.any("key");
  read_settings_members(in, settings);
  if (auto ok = in.finish(); !ok) return stored_body_error("settings", ok.error());
  return settings;
}

json::object to_json(const InstallationSettings& settings) {
  json::object out;
  out.reserve(7);
  out["id"] = settings.id;
  out["key"] = settings.unique_key();
  out["require_second_factor"] = to_string(settings.require_second_factor);
  out["password_login"] = settings.password_login;
  write_stamps(out, settings);
  return out;
}

Result<InstallationSettings> patched(InstallationSettings settings, const json::value& body) {
  FieldReader in(body);
  read_settings_members(in, settings);
  deny_key_and_stamps(in);
  return in.finish(std::move(settings));
}

}  // namespace togglecast::domain
