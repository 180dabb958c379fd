// Self-signed certificates for tests, made on the spot.
#pragma once

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

namespace togglecast::test {

struct CertificateFiles {
  std::filesystem::path certificate, key;
};

struct CertificateOptions {
  std::string name = "localhost";                    ///< its common name
  std::chrono::seconds from{-3'600}, until{86'400};  ///< from now
  std::string passphrase{};                          ///< of the key
};

/// Writes `<stem>.crt` and `<stem>.key` in `folder`, over what is there.
inline CertificateFiles make_certificate(const std::filesystem::path& folder, const std::string& stem,
                                         const CertificateOptions& options = {}) {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), &EVP_PKEY_free);
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(X509_new(), &X509_free);
  static long serial = 0;
  X509_set_version(certificate.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), options.from.count());
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), options.until.count());
  X509_set_pubkey(certificate.get(), key.get());
  X509_NAME* name = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(options.name.c_str()), -1, -1, 0);
  X509_set_issuer_name(certificate.get(), name);
  EXPECT_GT(X509_sign(certificate.get(), key.get(), EVP_sha256()), 0);

  CertificateFiles files{folder / (stem + ".crt"), folder / (stem + ".key")};
  const auto write = [](const std::filesystem::path& path, const auto& writer) {
    std::FILE* file = std::fopen(path.c_str(), "w");
    EXPECT_TRUE(file != nullptr && writer(file) == 1) << path;
    if (file != nullptr) std::fclose(file);
  };
  write(files.certificate, [&](std::FILE* file) { return PEM_write_X509(file, certificate.get()); });
  const EVP_CIPHER* cipher = options.passphrase.empty() ? nullptr : EVP_aes_128_cbc();
  write(files.key, [&](std::FILE* file) {
    return PEM_write_PrivateKey(file, key.get(), cipher,
                                reinterpret_cast<const unsigned char*>(options.passphrase.data()),
                                static_cast<int>(options.passphrase.size()), nullptr, nullptr);
  });
  return files;
}

}  // namespace togglecast::test
