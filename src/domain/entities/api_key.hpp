// A key with which a machine calls the API, in one environment. The key itself is shown once, when it is
// made; the record has its digest, which tells of it and opens nothing (decision 0054). Records live in
// `system`. Thread rule: plain values.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/schema/entity.hpp"
#include "domain/schema/kind.hpp"
#include "domain/schema/scope.hpp"

namespace togglecast::domain {

/// Every API key begins with it, so that scanners for secrets find one that was published.
inline constexpr std::string_view kApiKeyMark = "tck_";
inline constexpr std::size_t kApiKeyBytes = 32;  ///< of randomness
inline constexpr std::size_t kApiKeySize = 47;   ///< characters: the mark, and 32 bytes in base64url
inline constexpr std::size_t kMaxApiKeyRanges = 50;

struct ApiKey : Stamps {
  static constexpr Kind kKind = Kind::api_key;
  static constexpr std::string_view kKeyMember = "sha256";

  std::string sha256;  ///< of the key, in hex
  std::string prefix;  ///< the first characters of the key, for people
  std::string name;
  std::string environment;
  Scopes scopes;
  std::vector<std::string> addresses;    ///< ranges in CIDR notation; empty: from anywhere
  std::optional<UnixMillis> expires_at;  ///< nothing: never
  bool active = true;

  [[nodiscard]] const std::string& unique_key() const noexcept { return sha256; }
  [[nodiscard]] static Result<ApiKey> from_json(const json::value& body);
};

[[nodiscard]] json::object to_json(const ApiKey& key);

/// `["read", "write:features"]`
[[nodiscard]] json::array to_json(Scopes scopes);

}  // namespace togglecast::domain
