// A server of somebody else that signs tokens of clients: a back end, or an identity provider. It is trusted
// for one environment and these audiences. Entities of the installation, in `system`. Thread rule: plain
// values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "domain/schema/entity.hpp"
#include "domain/schema/kind.hpp"

namespace togglecast::domain {

inline constexpr std::size_t kMaxIssuerName = 500;  ///< bytes of `iss`, of an audience, of a claim's name
inline constexpr std::size_t kMaxAudiences = 20;
inline constexpr std::size_t kMaxKeysText = 64 * 1'024;  ///< of keys that stand in the entity
inline constexpr std::int64_t kMaxLeeway = 120;
inline constexpr std::string_view kOwnIssuer = "togglecast";  ///< `iss` and `aud` of our own tokens

/// Where the public keys of an issuer come from.
enum class KeySource : std::uint8_t { jwks, pem, jwks_url, jwks_file };
/// The member of `keys`.
[[nodiscard]] std::string_view to_string(KeySource source) noexcept;

struct Issuer : Stamps {
  static constexpr Kind kKind = Kind::issuer;
  static constexpr std::string_view kKeyMember = "key";

  std::string key;
  std::string name;
  std::string issuer;                  ///< `iss` of its tokens
  std::vector<std::string> audiences;  ///< one of them must be in `aud`
  std::string environment;             ///< its clients are those of this one
  std::vector<std::string> algorithms{"RS256", "ES256", "EdDSA"};
  KeySource source = KeySource::jwks;
  std::string keys;  ///< a JWK Set, a key in PEM, a URL, or the name of a file
  /// The claim that names the client: its name, or a JSON Pointer. Text is the client's key, a number its id.
  std::string client_claim = "sub";
  std::int64_t leeway = 30;  ///< seconds that clocks may differ
  bool active = true;        ///< tokens of an inactive one open nothing

  [[nodiscard]] const std::string& unique_key() const noexcept { return key; }
  [[nodiscard]] static Result<Issuer> from_json(const json::value& body);
  /// Needs `key`, `name`, `issuer`, `audiences`, `environment` and `keys`.
  [[nodiscard]] static Result<Issuer> read_new(const json::value& body);
};

[[nodiscard]] json::object to_json(const Issuer& issuer);

/// `issuer` and `environment` never change: tokens that were signed would mean something else.
[[nodiscard]] Result<Issuer> patched(Issuer issuer, const json::value& body);

}  // namespace togglecast::domain
