// The public part of a key that signs tokens: its name and algorithm. The key itself is a secret, stored next
// to the entities. Thread rule: plain values.
#pragma once

#include <optional>
#include <string>

#include "domain/schema/entity.hpp"
#include "domain/schema/kind.hpp"

namespace togglecast::domain {

struct SigningKeyRecord : Stamps {
  static constexpr Kind kKind = Kind::signing_key;
  static constexpr std::string_view kKeyMember = "kid";

  std::string kid;
  std::string algorithm;                 ///< `HS256`
  std::optional<UnixMillis> retired_at;  ///< from then on it neither signs nor verifies tokens

  [[nodiscard]] const std::string& unique_key() const noexcept { return kid; }
  [[nodiscard]] static Result<SigningKeyRecord> from_json(const json::value& body);
};

[[nodiscard]] json::object to_json(const SigningKeyRecord& key);

}  // namespace togglecast::domain
