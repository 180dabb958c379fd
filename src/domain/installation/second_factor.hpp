// The second factor of an admin: what verifies the codes of its app, and what its recovery codes hash to.
// Nobody may read it; accounts tell only that there is one (`AdminUser::second_factor_at`). In `system`.
// Thread rule: plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/schema/entity.hpp"
#include "domain/schema/kind.hpp"

namespace togglecast::domain {

inline constexpr std::size_t kMaxRecoveryCodes = 10;

struct SecondFactor : Stamps {
  static constexpr Kind kKind = Kind::second_factor;
  static constexpr std::string_view kKeyMember = "username";

  std::string username;                    ///< of its admin; it never changes
  std::string sealed;                      ///< the secret, encrypted (auth/sealed_secret.hpp), as base64url
  std::optional<UnixMillis> confirmed_at;  ///< nothing: the app has not shown a code yet
  std::int64_t last_step = 0;              ///< the newest time step whose code was used
  std::vector<std::string> recovery;       ///< SHA-256 in hex of the codes that are left

  [[nodiscard]] const std::string& unique_key() const noexcept { return username; }
  [[nodiscard]] static Result<SecondFactor> from_json(const json::value& body);
};

[[nodiscard]] json::object to_json(const SecondFactor& factor);

}  // namespace togglecast::domain
