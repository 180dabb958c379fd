// What admins did with an environment: that they made it, and what they copied into it. The environment
// itself is no entity. Those that a start made have no record, until one is copied into. Thread rule: plain
// values.
#pragma once

#include <optional>
#include <string>

#include "domain/schema/entity.hpp"
#include "domain/schema/kind.hpp"

namespace togglecast::domain {

struct EnvironmentRecord : Stamps {
  static constexpr Kind kKind = Kind::environment;
  static constexpr std::string_view kKeyMember = "key";

  std::string key;
  std::optional<std::string> copied_from;  ///< the environment whose catalogue was copied into it
  bool copied_clients = false;             ///< with its clients

  [[nodiscard]] const std::string& unique_key() const noexcept { return key; }
  [[nodiscard]] static Result<EnvironmentRecord> from_json(const json::value& body);
};

[[nodiscard]] json::object to_json(const EnvironmentRecord& environment);

}  // namespace togglecast::domain
