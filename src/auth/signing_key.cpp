#include "auth/signing_key.hpp"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <array>
#include <stdexcept>
#include <vector>

namespace togglecast::auth {
namespace {

constexpr std::size_t kSecretSize = 32;

struct FreeMac {
  void operator()(EVP_MAC* mac) const noexcept { EVP_MAC_free(mac); }
  void operator()(EVP_MAC_CTX* context) const noexcept { EVP_MAC_CTX_free(context); }
};
using MacContext = std::unique_ptr<EVP_MAC_CTX, FreeMac>;

}  // namespace

// Initialised with the key once; each signature works on a copy, which costs much less than starting over.
struct SigningKey::Context {
  MacContext prepared;
};

std::string_view to_string(Algorithm algorithm) noexcept {
  switch (algorithm) {
    case Algorithm::hs256:
      return "HS256";
  }
  return "";
}

SigningKey::SigningKey(std::string kid, std::unique_ptr<Context> context)
    : kid_(std::move(kid)), context_(std::move(context)) {}
SigningKey::SigningKey(SigningKey&&) noexcept = default;
SigningKey::~SigningKey() = default;

Result<SigningKey> SigningKey::make(std::string kid, const Secret& secret) {
  if (secret.reveal().size() != kSecretSize)
    return fail(Errc::internal, "signing key " + kid + " is damaged");
  const std::unique_ptr<EVP_MAC, FreeMac> hmac(EVP_MAC_fetch(nullptr, "HMAC", nullptr));
  MacContext context(hmac == nullptr ? nullptr : EVP_MAC_CTX_new(hmac.get()));
  std::array<char, 7> digest{"SHA256"};
  const std::array<OSSL_PARAM, 2> parameters{
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0), OSSL_PARAM_construct_end()};
  const auto* bytes = reinterpret_cast<const unsigned char*>(secret.reveal().data());
  if (context == nullptr || EVP_MAC_init(context.get(), bytes, kSecretSize, parameters.data()) != 1)
    return fail(Errc::internal, "OpenSSL offers no HMAC-SHA256");
  return SigningKey(std::move(kid), std::make_unique<Context>(Context{std::move(context)}));
}

SigningKey SigningKey::derive(std::string_view purpose) const {
  // No token's signing input has a space.
  auto derived = make(kid_, Secret(sign("key for " + std::string(purpose))));
  if (!derived) throw std::runtime_error(derived.error().message);
  return *std::move(derived);
}

std::string SigningKey::sign(std::string_view text) const {
  const MacContext context(EVP_MAC_CTX_dup(context_->prepared.get()));
  std::string signature(32, '\0');
  std::size_t size = 0;
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  if (context == nullptr || EVP_MAC_update(context.get(), bytes, text.size()) != 1 ||
      EVP_MAC_final(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                    signature.size()) != 1 ||
      size != signature.size()) {
    throw std::runtime_error("OpenSSL could not sign");  // out of memory
  }
  return signature;
}

bool SigningKey::verify(std::string_view text, std::string_view signature) const {
  return equal_in_constant_time(sign(text), signature);
}

Secret random_signing_secret(RandomSource& random) {
  std::vector<std::uint8_t> bytes(kSecretSize);
  random.fill(bytes);
  return Secret(std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

}  // namespace togglecast::auth
