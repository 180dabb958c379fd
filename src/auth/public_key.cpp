#include "auth/public_key.hpp"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/base64.hpp"
#include "base/digest.hpp"

namespace togglecast::auth {
namespace {

constexpr std::size_t kCoordinate = 32;  // bytes of a number of P-256, and of a key of Ed25519
constexpr const char* kP256 = "prime256v1";

struct FreeOpenssl {
  void operator()(BIO* bio) const noexcept { BIO_free(bio); }
  void operator()(BIGNUM* number) const noexcept { BN_free(number); }
  void operator()(ECDSA_SIG* signature) const noexcept { ECDSA_SIG_free(signature); }
  void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
  void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
  void operator()(EVP_PKEY_CTX* context) const noexcept { EVP_PKEY_CTX_free(context); }
  void operator()(OSSL_PARAM* parameters) const noexcept { OSSL_PARAM_free(parameters); }
  void operator()(OSSL_PARAM_BLD* builder) const noexcept { OSSL_PARAM_BLD_free(builder); }
};
template <typename T>
using Owned = std::unique_ptr<T, FreeOpenssl>;

const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

tl::unexpected<Error> unusable(std::string why) {
  ERR_clear_error();
  return fail(Errc::invalid_argument, std::move(why));
}

Owned<BIGNUM> number_of(std::string_view big_endian) {
  return Owned<BIGNUM>(BN_bin2bn(bytes(big_endian), static_cast<int>(big_endian.size()), nullptr));
}

Owned<EVP_PKEY> key_from(const char* type, OSSL_PARAM_BLD* builder) {
  const Owned<OSSL_PARAM> parameters(OSSL_PARAM_BLD_to_param(builder));
  const Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (parameters == nullptr || context == nullptr || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1)
    return nullptr;
  return Owned<EVP_PKEY>(key);
}

Owned<EVP_PKEY> rsa_key(std::string_view modulus, std::string_view exponent) {
  const auto n = number_of(modulus);
  const auto e = number_of(exponent);
  const Owned<OSSL_PARAM_BLD> builder(OSSL_PARAM_BLD_new());
  if (n == nullptr || e == nullptr || builder == nullptr ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1)
    return nullptr;
  return key_from("RSA", builder.get());
}

// OpenSSL refuses a point that is not on the curve.
Owned<EVP_PKEY> p256_key(std::string_view x, std::string_view y) {
  const std::string point = '\x04' + std::string(x) + std::string(y);
  const Owned<OSSL_PARAM_BLD> builder(OSSL_PARAM_BLD_new());
  if (builder == nullptr ||
      OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, kP256, 0) != 1 ||
      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()) !=
          1)
    return nullptr;
  return key_from("EC", builder.get());
}

Owned<EVP_PKEY> ed25519_key(std::string_view x) {
  return Owned<EVP_PKEY>(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes(x), x.size()));
}

Result<void> check_rsa(const EVP_PKEY* key) {
  const int bits = EVP_PKEY_get_bits(key);
  if (bits < kLeastRsaBits || bits > kMostRsaBits)
    return unusable("an RSA key has " + std::to_string(bits) + " bits; it must have " +
                    std::to_string(kLeastRsaBits) + " to " + std::to_string(kMostRsaBits));
  BIGNUM* n = nullptr;
  BIGNUM* e = nullptr;
  EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &n);
  EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &e);
  const Owned<BIGNUM> modulus(n);
  const Owned<BIGNUM> exponent(e);
  constexpr int kMostExponentBits = 64;
  if (n == nullptr || e == nullptr || BN_is_odd(n) == 0 || BN_is_odd(e) == 0 || BN_is_one(e) == 1 ||
      BN_num_bits(e) > kMostExponentBits)
    return unusable("an RSA key is damaged");
  return {};
}

// The one algorithm of a key.
Result<PublicAlgorithm> algorithm_of(const EVP_PKEY* key) {
  if (EVP_PKEY_is_a(key, "RSA") == 1) return check_rsa(key).map([] { return PublicAlgorithm::rs256; });
  if (EVP_PKEY_is_a(key, "ED25519") == 1) {
    std::array<unsigned char, kCoordinate> point{};
    std::size_t size = point.size();
    // With a point of small order, anybody could sign.
    if (EVP_PKEY_get_raw_public_key(key, point.data(), &size) != 1 ||
        crypto_core_ed25519_is_valid_point(point.data()) != 1)
      return unusable("an Ed25519 key is damaged");
    return PublicAlgorithm::eddsa;
  }
  std::array<char, 32> curve{};
  if (EVP_PKEY_is_a(key, "EC") == 1 &&
      EVP_PKEY_get_group_name(key, curve.data(), curve.size(), nullptr) == 1 &&
      std::string_view(curve.data()) == kP256)
    return PublicAlgorithm::es256;
  return unusable("a key must be RSA, of the curve P-256, or Ed25519");
}

std::string thumbprint_of(const EVP_PKEY* key) {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key, &der);
  if (size <= 0) return {};
  const Sha256 digest = sha256({reinterpret_cast<const char*>(der), static_cast<std::size_t>(size)});
  OPENSSL_free(der);
  return base64url_encode({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

// ECDSA-Sig-Value of the two numbers; empty when that fails.
std::string der_of(std::string_view raw) {
  auto r = number_of(raw.substr(0, kCoordinate));
  auto s = number_of(raw.substr(kCoordinate));
  const Owned<ECDSA_SIG> signature(ECDSA_SIG_new());
  if (r == nullptr || s == nullptr || signature == nullptr ||
      ECDSA_SIG_set0(signature.get(), r.get(), s.get()) != 1)
    return {};
  std::ignore = r.release();
  std::ignore = s.release();
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(signature.get(), &der);
  if (size <= 0) return {};
  std::string out(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return out;
}

Result<std::string> decoded(const json::value& jwk, std::string_view member, std::size_t most) {
  auto read = base64url_decode(json::string_or_empty(jwk, member));
  if (!read || read->empty() || read->size() > most)
    return unusable("its member " + std::string(member) + " is missing, or not base64url of at most " +
                    std::to_string(most) + " bytes");
  return *std::move(read);
}

Result<std::string> coordinate(const json::value& jwk, std::string_view member) {
  auto read = decoded(jwk, member, kCoordinate);
  if (read && read->size() != kCoordinate)
    return unusable("its member " + std::string(member) + " must have 32 bytes");
  return read;
}

// The algorithms of `kty` and `crv`; nothing for those that are not known here.
std::optional<PublicAlgorithm> algorithm_of_type(const json::value& jwk) {
  const auto type = json::string_or_empty(jwk, "kty");
  const auto curve = json::string_or_empty(jwk, "crv");
  if (type == "RSA") return PublicAlgorithm::rs256;
  if (type == "EC" && curve == "P-256") return PublicAlgorithm::es256;
  if (type == "OKP" && curve == "Ed25519") return PublicAlgorithm::eddsa;
  return std::nullopt;
}

Result<Owned<EVP_PKEY>> key_of(const json::value& jwk, PublicAlgorithm algorithm) {
  constexpr std::size_t kMostModulus = kMostRsaBits / 8 + 1;  // some write a zero before it
  constexpr std::size_t kMostExponent = 8;
  Owned<EVP_PKEY> key;
  switch (algorithm) {
    case PublicAlgorithm::rs256: {
      const auto n = decoded(jwk, "n", kMostModulus);
      if (!n) return tl::unexpected(n.error());
      const auto e = decoded(jwk, "e", kMostExponent);
      if (!e) return tl::unexpected(e.error());
      key = rsa_key(*n, *e);
      break;
    }
    case PublicAlgorithm::es256: {
      const auto x = coordinate(jwk, "x");
      if (!x) return tl::unexpected(x.error());
      const auto y = coordinate(jwk, "y");
      if (!y) return tl::unexpected(y.error());
      key = p256_key(*x, *y);
      break;
    }
    case PublicAlgorithm::eddsa: {
      const auto x = coordinate(jwk, "x");
      if (!x) return tl::unexpected(x.error());
      key = ed25519_key(*x);
      break;
    }
  }
  if (key == nullptr) return unusable("it is damaged");
  return key;
}

}  // namespace

struct PublicKey::Handle {
  Owned<EVP_PKEY> key;
};

std::string_view to_string(PublicAlgorithm algorithm) noexcept {
  switch (algorithm) {
    case PublicAlgorithm::rs256:
      return "RS256";
    case PublicAlgorithm::es256:
      return "ES256";
    case PublicAlgorithm::eddsa:
      return "EdDSA";
  }
  return "";
}

std::optional<PublicAlgorithm> parse_public_algorithm(std::string_view text) noexcept {
  for (const auto algorithm : {PublicAlgorithm::rs256, PublicAlgorithm::es256, PublicAlgorithm::eddsa})
    if (text == to_string(algorithm)) return algorithm;
  if (text == "Ed25519") return PublicAlgorithm::eddsa;  // RFC 9864
  return std::nullopt;
}

PublicKey::PublicKey(std::string kid, PublicAlgorithm algorithm, std::unique_ptr<Handle> handle)
    : kid_(std::move(kid)),
      algorithm_(algorithm),
      thumbprint_(thumbprint_of(handle->key.get())),
      handle_(std::move(handle)) {}
PublicKey::PublicKey(PublicKey&&) noexcept = default;
PublicKey& PublicKey::operator=(PublicKey&&) noexcept = default;
PublicKey::~PublicKey() = default;

Result<PublicKey> PublicKey::from_pem(std::string kid, std::string_view pem) {
  if (pem.find("PRIVATE KEY-----") != std::string_view::npos)
    return unusable(
        "this is a private key, which nobody else may have; send the public key, and take a new pair");
  constexpr std::string_view kBegin = "-----BEGIN ";
  const std::size_t first = pem.find(kBegin);
  if (first == std::string_view::npos || pem.find(kBegin, first + 1) != std::string_view::npos ||
      !pem.substr(first).starts_with("-----BEGIN PUBLIC KEY-----"))
    return unusable("a PEM text must have one block, -----BEGIN PUBLIC KEY-----");
  const Owned<BIO> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  Owned<EVP_PKEY> key(bio == nullptr ? nullptr : PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr));
  if (key == nullptr) return unusable("the PEM text is damaged");
  const auto algorithm = algorithm_of(key.get());
  if (!algorithm) return tl::unexpected(algorithm.error());
  return PublicKey(std::move(kid), *algorithm, std::make_unique<Handle>(Handle{std::move(key)}));
}

Result<PublicKey> PublicKey::from_jwk(const json::value& jwk) {
  for (const std::string_view secret : {"d", "p", "q", "dp", "dq", "qi", "oth"})
    if (json::find(jwk, secret) != nullptr)
      return unusable("it has the private member " + std::string(secret) +
                      ", which nobody else may have; send the public key, and take a new pair");
  const auto algorithm = algorithm_of_type(jwk);
  if (!algorithm) return unusable("it must be of kty RSA, EC with crv P-256, or OKP with crv Ed25519");
  const json::value* named = json::find(jwk, "alg");
  if (named != nullptr &&
      (!named->is_string() || parse_public_algorithm(json::string_or_empty(jwk, "alg")) != algorithm))
    return unusable("its alg must be " + std::string(to_string(*algorithm)));
  const json::value* kid = json::find(jwk, "kid");
  if (kid != nullptr && (!kid->is_string() || kid->get_string().size() > kMaxKid))
    return unusable("its kid must be text of at most " + std::to_string(kMaxKid) + " bytes");
  auto key = key_of(jwk, *algorithm);
  if (!key) return tl::unexpected(key.error());
  if (const auto is = algorithm_of(key->get()); !is) return tl::unexpected(is.error());
  return PublicKey(std::string(json::string_or_empty(jwk, "kid")), *algorithm,
                   std::make_unique<Handle>(Handle{*std::move(key)}));
}

bool PublicKey::verify(std::string_view text, std::string_view signature) const {
  std::string der;
  if (algorithm_ == PublicAlgorithm::es256) {
    if (signature.size() != 2 * kCoordinate) return false;
    der = der_of(signature);
    signature = der;
  }
  const Owned<EVP_MD_CTX> context(EVP_MD_CTX_new());
  const EVP_MD* digest = algorithm_ == PublicAlgorithm::eddsa ? nullptr : EVP_sha256();
  const bool good =
      context != nullptr &&
      EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, handle_->key.get()) == 1 &&
      EVP_DigestVerify(context.get(), bytes(signature), signature.size(), bytes(text), text.size()) == 1;
  if (!good) ERR_clear_error();
  return good;
}

}  // namespace togglecast::auth
