#include "net/tls_context.hpp"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <fstream>
#include <span>
#include <utility>

namespace togglecast::net {
namespace {

constexpr const char* kTls12Ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20";
constexpr unsigned char kSessionContext[] = "togglecast";

TlsContext& context_of(const SSL* ssl) {
  return *static_cast<TlsContext*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
}

// What OpenSSL says of its first error; forgets the others.
std::string openssl_reason() {
  const unsigned long code = ERR_peek_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  ERR_clear_error();
  return reason == nullptr ? "unknown error" : reason;
}

// OpenSSL would ask for a passphrase on the terminal, and wait.
int no_passphrase(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* offered,
                    unsigned offered_size, void* ours) {
  const auto& known = *static_cast<const std::string*>(ours);
  unsigned char* chosen = nullptr;
  const int result =
      SSL_select_next_proto(&chosen, out_size, reinterpret_cast<const unsigned char*>(known.data()),
                            static_cast<unsigned>(known.size()), offered, offered_size);
  *out = chosen;
  return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

void count_alerts(const SSL* ssl, int where, int alert) {
  if ((where & SSL_CB_ALERT) == 0 || (alert & 0xff) == SSL_AD_CLOSE_NOTIFY) return;
  auto& counters = context_of(ssl).own_counters();
  ++((where & SSL_CB_READ) != 0 ? counters.alerts_received : counters.alerts_sent);
}

bool use_key(const TicketKeys::Key& key, EVP_CIPHER_CTX* cipher, const unsigned char* iv, EVP_MAC_CTX* mac,
             int encrypting) {
  char digest[] = "SHA256";
  const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                               OSSL_PARAM_construct_end()};
  return EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), nullptr, key.cipher.data(), iv, encrypting) == 1 &&
         EVP_MAC_init(mac, key.mac.data(), key.mac.size(), params) == 1;
}

// SSL_CTX_set_tlsext_ticket_key_evp_cb(3): negative fails, 0 is an unknown key, 2 asks for a fresh ticket.
int ticket_key(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac,
               int encrypting) {
  TicketKeys& keys = context_of(ssl).ticket_keys();
  const TimePoint now = std::chrono::steady_clock::now();
  if (encrypting != 0) {
    const TicketKeys::Key key = keys.current(now);
    std::memcpy(name, key.name.data(), key.name.size());
    const int iv_size = EVP_CIPHER_get_iv_length(EVP_aes_256_cbc());
    return RAND_bytes(iv, iv_size) == 1 && use_key(key, cipher, iv, mac, encrypting) ? 1 : -1;
  }
  const auto found = keys.find(std::span<const std::uint8_t, TicketKeys::kNameBytes>(name, 16), now);
  if (!found) return 0;
  if (!use_key(found->key, cipher, iv, mac, encrypting)) return -1;
  return found->current ? 1 : 2;
}

UnixMillis to_unix(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
  return {static_cast<std::int64_t>(::timegm(&parts)) * 1'000};
}

Result<void> readable(const std::filesystem::path& file, const char* what) {
  std::ifstream stream(file);
  char first = 0;
  if (stream.get(first)) return {};
  const std::string why = stream.is_open() ? "it is empty or no file" : std::strerror(errno);
  return fail(Errc::invalid_argument,
              std::string("cannot read the ") + what + " " + file.string() + ": " + why);
}

void configure(SSL_CTX* context) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(context, kTls12Ciphers);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                   SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);  // tickets keep sessions at the client
  SSL_CTX_set_session_id_context(context, kSessionContext, sizeof kSessionContext - 1);
  SSL_CTX_set_info_callback(context, &count_alerts);
  SSL_CTX_set_tlsext_ticket_key_evp_cb(context, &ticket_key);
}

}  // namespace

std::string_view to_string(TlsFailure failure) noexcept {
  switch (failure) {
    case TlsFailure::plaintext:
      return "plaintext";
    case TlsFailure::timeout:
      return "timeout";
    case TlsFailure::closed:
      return "closed";
    case TlsFailure::version:
      return "version";
    case TlsFailure::unacceptable:
      return "unacceptable";
    case TlsFailure::refused:
      return "refused";
    case TlsFailure::malformed:
      return "malformed";
  }
  return "";
}

TlsContext::TlsContext(TlsOptions options)
    : options_(std::move(options)), ticket_keys_(random_, options_.ticket_life) {
  for (const std::string& name : options_.protocols)
    protocols_.append(1, static_cast<char>(name.size())).append(name);
}

Result<std::shared_ptr<TlsContext>> TlsContext::load(TlsOptions options) {
  auto made = std::make_shared<TlsContext>(std::move(options));
  return made->reload().map([&] { return made; });
}

Result<void> TlsContext::reload() {
  auto loaded = read_files();
  if (!loaded) return tl::unexpected(loaded.error());
  const std::scoped_lock lock(mutex_);
  std::swap(loaded_, *loaded);
  return {};
}

Result<TlsContext::Loaded> TlsContext::read_files() {
  const auto& certificate = options_.certificate;
  const auto& key = options_.key;
  if (auto ok = readable(certificate, "certificate"); !ok) return tl::unexpected(ok.error());
  if (auto ok = readable(key, "key"); !ok) return tl::unexpected(ok.error());
  const auto refuse = [](const std::string& what) {
    return fail(Errc::invalid_argument, what + ": " + openssl_reason());
  };
  ERR_clear_error();
  Loaded loaded{{SSL_CTX_new(TLS_server_method()), &SSL_CTX_free}};
  SSL_CTX* context = loaded.context.get();
  if (context == nullptr) return refuse("cannot begin with TLS");
  configure(context);
  bool passphrase_asked = false;
  SSL_CTX_set_default_passwd_cb(context, &no_passphrase);
  SSL_CTX_set_default_passwd_cb_userdata(context, &passphrase_asked);
  if (SSL_CTX_use_certificate_chain_file(context, certificate.c_str()) != 1)
    return refuse("no usable certificate in PEM form in " + certificate.string());
  const bool key_read = SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) == 1;
  SSL_CTX_set_default_passwd_cb_userdata(context, nullptr);
  if (passphrase_asked) {
    ERR_clear_error();
    return fail(Errc::invalid_argument,
                "the key " + key.string() + " has a passphrase; write it without one");
  }
  if (!key_read && ERR_GET_REASON(ERR_peek_error()) != X509_R_KEY_VALUES_MISMATCH &&
      ERR_GET_REASON(ERR_peek_error()) != X509_R_KEY_TYPE_MISMATCH)
    return refuse("no usable private key in PEM form in " + key.string());
  if (!key_read || SSL_CTX_check_private_key(context) != 1) {
    ERR_clear_error();
    return fail(Errc::invalid_argument,
                "the key " + key.string() + " does not belong to the certificate " + certificate.string());
  }
  SSL_CTX_set_app_data(context, this);
  SSL_CTX_set_timeout(context, static_cast<long>(options_.ticket_life.count()));
  if (!protocols_.empty()) SSL_CTX_set_alpn_select_cb(context, &choose_protocol, &protocols_);
  const X509* own = SSL_CTX_get0_certificate(context);
  loaded.validity = {to_unix(X509_get0_notBefore(own)), to_unix(X509_get0_notAfter(own))};
  return loaded;
}

TlsContext::Validity TlsContext::validity() const {
  const std::scoped_lock lock(mutex_);
  return loaded_.validity;
}

void TlsContext::failed(TlsFailure failure, std::string_view detail, const std::string& address) {
  ++counters_.failures[static_cast<std::size_t>(failure)];
  if (report_) report_(failure, detail, address);
}

ssl_st* TlsContext::new_session() const {
  std::shared_ptr<ssl_ctx_st> context;
  {
    const std::scoped_lock lock(mutex_);
    context = loaded_.context;
  }
  return SSL_new(context.get());
}

}  // namespace togglecast::net
