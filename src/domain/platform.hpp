// A surface or integration that can be switched on or off as a whole. Thread rule: plain values.
#pragma once

#include <optional>
#include <string>

#include "domain/entity.hpp"
#include "domain/kind.hpp"

namespace togglecast::domain {

inline constexpr std::size_t kMaxName = 200;
inline constexpr std::size_t kMaxDescription = 4'096;
inline constexpr std::size_t kMaxConfig = 32 * 1'024;
inline constexpr std::size_t kMaxConfigDepth = 16;
inline constexpr std::size_t kMaxMaintenanceNote = 1'024;

struct Platform : Stamps {
  static constexpr Kind kKind = Kind::platform;
  static constexpr std::string_view kKeyMember = "key";

  std::string key;
  std::string name;
  std::string description;
  bool enabled = true;
  json::object config;
  std::string maintenance_note;

  [[nodiscard]] const std::string& unique_key() const noexcept { return key; }
  [[nodiscard]] static Result<Platform> from_json(const json::value& body);
};

[[nodiscard]] json::object to_json(const Platform& platform);

/// What a request may set. Absent means: as it is, or the default. A present `config` replaces the whole of
/// it.
struct PlatformFields {
  std::optional<std::string> key;
  std::optional<std::string> name;
  std::optional<std::string> description;
  std::optional<bool> enabled;
  std::optional<json::object> config;
  std::optional<std::string> maintenance_note;
};

/// Needs `key` and `name`.
[[nodiscard]] Result<PlatformFields> read_new_platform(const json::value& body);
/// Everything but `key`, which stays for life.
[[nodiscard]] Result<PlatformFields> read_platform_patch(const json::value& body);
void assign(Platform& platform, const PlatformFields& fields);

}  // namespace togglecast::domain
