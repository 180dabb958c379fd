// What an identity provider or a back end does: it has key pairs, publishes the public halves as a JWK Set,
// and signs tokens. Also tokens that it should not sign.
#pragma once

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/base64.hpp"
#include "base/json.hpp"

namespace togglecast::test {

class ForeignKey {
 public:
  /// `alg`: RS256, ES256 or EdDSA. `bits` of an RSA key.
  ForeignKey(std::string kid, std::string alg, unsigned bits = 2'048)
      : kid_(std::move(kid)), alg_(std::move(alg)), key_(make(alg_, bits), &EVP_PKEY_free) {}

  [[nodiscard]] const std::string& kid() const noexcept { return kid_; }
  [[nodiscard]] const std::string& alg() const noexcept { return alg_; }

  [[nodiscard]] json::object jwk() const {
    json::object out{{"kid", kid_}, {"alg", alg_}, {"use", "sig"}};
    if (alg_ == "RS256") {
      out["kty"] = "RSA";
      out["n"] = number(OSSL_PKEY_PARAM_RSA_N, 0);
      out["e"] = number(OSSL_PKEY_PARAM_RSA_E, 0);
    } else if (alg_ == "ES256") {
      out["kty"] = "EC";
      out["crv"] = "P-256";
      out["x"] = number(OSSL_PKEY_PARAM_EC_PUB_X, 32);
      out["y"] = number(OSSL_PKEY_PARAM_EC_PUB_Y, 32);
    } else {
      std::string raw(32, '\0');
      std::size_t size = raw.size();
      EXPECT_EQ(EVP_PKEY_get_raw_public_key(key_.get(), reinterpret_cast<unsigned char*>(raw.data()), &size),
                1);
      out["kty"] = "OKP";
      out["crv"] = "Ed25519";
      out["x"] = base64url_encode(raw);
    }
    return out;
  }
  [[nodiscard]] std::string pem(bool with_private = false) const {
    const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new(BIO_s_mem()), &BIO_free);
    if (with_private) {
      PEM_write_bio_PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr);
    } else {
      PEM_write_bio_PUBKEY(bio.get(), key_.get());
    }
    char* text = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &text);
    return {text, static_cast<std::size_t>(size)};
  }

  /// The signature as tokens carry it, of these bytes.
  [[nodiscard]] std::string signature(std::string_view text) const {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
    const EVP_MD* digest = alg_ == "EdDSA" ? nullptr : EVP_sha256();
    EXPECT_EQ(EVP_DigestSignInit(context.get(), nullptr, digest, nullptr, key_.get()), 1);
    std::string out(1'024, '\0');
    std::size_t size = out.size();
    EXPECT_EQ(EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size,
                             reinterpret_cast<const unsigned char*>(text.data()), text.size()),
              1);
    out.resize(size);
    return alg_ == "ES256" ? raw(out) : out;
  }
  /// Whatever stands in `header` and `claims`, signed.
  [[nodiscard]] std::string token(const json::object& header, const json::object& claims) const {
    return signed_text(json::serialize(header), json::serialize(claims));
  }
  [[nodiscard]] std::string signed_text(std::string_view header, std::string_view claims) const {
    const std::string text = base64url_encode(header) + '.' + base64url_encode(claims);
    return text + '.' + base64url_encode(signature(text));
  }
  /// With the header that it should have.
  [[nodiscard]] std::string token(const json::object& claims) const {
    return token({{"alg", alg_}, {"kid", kid_}, {"typ", "JWT"}}, claims);
  }

 private:
  static EVP_PKEY* make(std::string_view alg, unsigned bits) {
    if (alg == "RS256") return EVP_RSA_gen(bits);
    if (alg == "ES256") return EVP_EC_gen("P-256");
    return EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
  }
  [[nodiscard]] std::string number(const char* name, int size) const {
    BIGNUM* read = nullptr;
    EXPECT_EQ(EVP_PKEY_get_bn_param(key_.get(), name, &read), 1);
    const std::unique_ptr<BIGNUM, decltype(&BN_free)> owned(read, &BN_free);
    std::string bytes(static_cast<std::size_t>(size == 0 ? BN_num_bytes(read) : size), '\0');
    BN_bn2binpad(read, reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
    return base64url_encode(bytes);
  }
  static std::string raw(const std::string& der) {
    const auto* bytes = reinterpret_cast<const unsigned char*>(der.data());
    const std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> read(
        d2i_ECDSA_SIG(nullptr, &bytes, static_cast<long>(der.size())), &ECDSA_SIG_free);
    std::string out(64, '\0');
    BN_bn2binpad(ECDSA_SIG_get0_r(read.get()), reinterpret_cast<unsigned char*>(out.data()), 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(read.get()), reinterpret_cast<unsigned char*>(out.data()) + 32, 32);
    return out;
  }

  std::string kid_, alg_;
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_;
};

/// The JWK Set of these keys.
inline std::string jwks_of(const std::vector<const ForeignKey*>& keys) {
  json::array list;
  for (const ForeignKey* key : keys) list.emplace_back(key->jwk());
  return json::serialize(json::object{{"keys", std::move(list)}});
}

}  // namespace togglecast::test
