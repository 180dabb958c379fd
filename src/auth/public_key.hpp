// Keys that others sign tokens with: RS256, ES256 and EdDSA (Ed25519) through OpenSSL's EVP. A key has one
// algorithm for life. It comes from the key itself, and a token can never choose another one. There are no
// symmetric keys here, so a public key can never be taken for a secret.
//
// Thread rule: immutable; used from any thread. Errors while reading: `invalid_argument` with a sentence for
// the person who configured the key.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"

namespace togglecast::auth {

enum class PublicAlgorithm : std::uint8_t { rs256, es256, eddsa };
/// The `alg` of a token's header: `RS256`.
[[nodiscard]] std::string_view to_string(PublicAlgorithm algorithm) noexcept;
[[nodiscard]] std::optional<PublicAlgorithm> parse_public_algorithm(std::string_view text) noexcept;

inline constexpr std::size_t kMaxKid = 256;  ///< bytes of a `kid`
inline constexpr int kLeastRsaBits = 2'048;
inline constexpr int kMostRsaBits = 4'096;

class PublicKey {
 public:
  /// `-----BEGIN PUBLIC KEY-----`, one of them. A private key is refused.
  [[nodiscard]] static Result<PublicKey> from_pem(std::string kid, std::string_view pem);
  /// A JSON Web Key (RFC 7517): `kty` RSA, EC with `crv` P-256, or OKP with `crv` Ed25519. `alg`, when it is
  /// there, must be the algorithm of such a key. A key with private members is refused.
  [[nodiscard]] static Result<PublicKey> from_jwk(const json::value& jwk);
  PublicKey(PublicKey&&) noexcept;
  PublicKey& operator=(PublicKey&&) noexcept;
  ~PublicKey();

  [[nodiscard]] const std::string& kid() const noexcept { return kid_; }  ///< may be empty
  [[nodiscard]] PublicAlgorithm algorithm() const noexcept { return algorithm_; }
  /// SHA-256 of the key in DER (SubjectPublicKeyInfo), base64url: the same key has the same one.
  [[nodiscard]] const std::string& thumbprint() const noexcept { return thumbprint_; }

  /// `signature` in the form of RFC 7518: for ES256 r and s, 32 bytes each.
  [[nodiscard]] bool verify(std::string_view text, std::string_view signature) const;

 private:
  struct Handle;
  PublicKey(std::string kid, PublicAlgorithm algorithm, std::unique_ptr<Handle> handle);

  std::string kid_;
  PublicAlgorithm algorithm_;
  std::string thumbprint_;
  std::unique_ptr<Handle> handle_;
};

struct KeySetLimits {
  std::size_t bytes = std::size_t{256} * 1'024;
  std::size_t keys = 100;
};

class KeySet {
 public:
  KeySet() = default;

  /// A JWK Set (RFC 7517, section 5). Keys for encryption, and those of kinds and algorithms that are not
  /// known here, are left out. The whole set is refused when one that is known is damaged or too weak, has
  /// private members, or has the `kid` and algorithm of another one; and when none is left.
  [[nodiscard]] static Result<KeySet> parse_jwks(std::string_view text, const KeySetLimits& limits = {});
  /// One key.
  [[nodiscard]] static KeySet of(PublicKey key);

  /// `token_invalid` unless the key `kid` is of the algorithm `alg`, and signed `signing_input`. An empty
  /// `kid` means the only key of that algorithm; a key without one, such as one in PEM, fits every `kid`.
  [[nodiscard]] Result<void> verify(std::string_view alg, std::string_view kid,
                                    std::string_view signing_input, std::string_view signature) const;

  /// The key that `verify` uses; null without it.
  [[nodiscard]] const PublicKey* find(std::string_view alg, std::string_view kid) const noexcept;
  [[nodiscard]] const std::vector<std::shared_ptr<const PublicKey>>& keys() const noexcept { return keys_; }

 private:
  std::vector<std::shared_ptr<const PublicKey>> keys_;
};

}  // namespace togglecast::auth
