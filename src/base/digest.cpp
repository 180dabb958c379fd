#include "base/digest.hpp"

#include <openssl/evp.h>

#include <stdexcept>

namespace togglecast {
namespace {

template <typename Digest>
Digest digest_of(std::string_view bytes, const EVP_MD* algorithm) {
  Digest digest{};
  if (algorithm == nullptr ||
      EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, algorithm, nullptr) != 1)
    throw std::runtime_error("OpenSSL could not compute a digest");
  return digest;
}

}  // namespace

// Each algorithm is fetched once: with EVP_sha1() and EVP_sha256(), OpenSSL 3 looks it up at every call.
Sha1 sha1(std::string_view bytes) {
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA1", nullptr);
  return digest_of<Sha1>(bytes, algorithm);
}

Sha256 sha256(std::string_view bytes) {
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return digest_of<Sha256>(bytes, algorithm);
}

}  // namespace togglecast
