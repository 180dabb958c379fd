// The settings of the installation: one entity, in `system`. Until an owner changes one, nothing is stored
// and all have their defaults. Thread rule: plain values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "domain/schema/entity.hpp"
#include "domain/schema/kind.hpp"

namespace togglecast::domain {

/// The accounts that must have a second factor.
enum class FactorRule : std::uint8_t { none, owners, all };
[[nodiscard]] std::string_view to_string(FactorRule rule) noexcept;

inline constexpr Id kSettingsId = 1;

struct InstallationSettings : Stamps {
  static constexpr Kind kKind = Kind::settings;
  static constexpr std::string_view kKeyMember = "key";

  FactorRule require_second_factor = FactorRule::none;
  bool password_login = true;  ///< off: admins log in with OpenID Connect alone

  [[nodiscard]] const std::string& unique_key() const noexcept;
  [[nodiscard]] static Result<InstallationSettings> from_json(const json::value& body);
};

[[nodiscard]] json::object to_json(const InstallationSettings& settings);

[[nodiscard]] Result<InstallationSettings> patched(InstallationSettings settings, const json::value& body);

}  // namespace togglecast::domain
