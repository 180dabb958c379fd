// A surface or integration that can be switched on or off as a whole. Thread rule: plain values.
#pragma once

#include <string>

#include "domain/entities/asset.hpp"
#include "domain/schema/entity.hpp"
#include "domain/schema/kind.hpp"

namespace togglecast::domain {

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
  Assets assets;

  [[nodiscard]] const std::string& unique_key() const noexcept { return key; }
  [[nodiscard]] static Result<Platform> from_json(const json::value& body);
  /// Needs `key` and `name`.
  [[nodiscard]] static Result<Platform> read_new(const json::value& body);
};

[[nodiscard]] json::object to_json(const Platform& platform);

/// `config`, when present, replaces the old value as a whole.
[[nodiscard]] Result<Platform> patched(Platform platform, const json::value& body);

}  // namespace togglecast::domain
