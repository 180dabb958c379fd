#include "auth/codes/sealed_secret.hpp"

#include <sodium.h>

#include <array>
#include <stdexcept>
#include <utility>

#include "base/base64.hpp"

namespace togglecast::auth {
namespace {

constexpr std::size_t kNonce = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTag = crypto_aead_xchacha20poly1305_ietf_ABYTES;

const unsigned char* sodium_bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

SecretSealer::SecretSealer(Secret key) : key_(std::move(key)) {
  if (key_.reveal().size() != crypto_aead_xchacha20poly1305_ietf_KEYBYTES)
    throw std::invalid_argument("a key to seal with has 32 bytes");
  if (sodium_init() < 0) throw std::runtime_error("libsodium cannot be used on this machine");
}

std::string SecretSealer::seal(RandomSource& random, const Secret& secret, std::string_view owner) const {
  std::array<std::uint8_t, kNonce> nonce{};
  random.fill(nonce);
  const std::string& text = secret.reveal();
  std::string sealed(reinterpret_cast<const char*>(nonce.data()), nonce.size());
  sealed.resize(kNonce + text.size() + kTag);
  crypto_aead_xchacha20poly1305_ietf_encrypt(
      reinterpret_cast<unsigned char*>(sealed.data() + kNonce), nullptr, sodium_bytes(text), text.size(),
      sodium_bytes(owner), owner.size(), nullptr, nonce.data(), sodium_bytes(key_.reveal()));
  return base64url_encode(sealed);
}

Result<Secret> SecretSealer::open(std::string_view sealed, std::string_view owner) const {
  const auto damaged = [] {
    return fail(Errc::internal,
                "a stored secret cannot be decrypted: it is damaged, or of another installation");
  };
  const auto bytes = base64url_decode(sealed);
  if (!bytes || bytes->size() < kNonce + kTag) return damaged();
  std::string text(bytes->size() - kNonce - kTag, '\0');
  const std::string_view box = std::string_view(*bytes).substr(kNonce);
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(
          reinterpret_cast<unsigned char*>(text.data()), nullptr, nullptr, sodium_bytes(box), box.size(),
          sodium_bytes(owner), owner.size(), sodium_bytes(*bytes), sodium_bytes(key_.reveal())) != 0)
    return damaged();
  return Secret(std::move(text));
}

}  // namespace togglecast::auth
