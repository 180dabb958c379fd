// A TLS client without a socket: what it wants to send can be held back, split and spoiled. And one on a
// TcpClient, whose every wait has a deadline. For one thread.
#pragma once

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "support/tcp_client.hpp"

namespace togglecast::test {

using TlsTicket = std::shared_ptr<SSL_SESSION>;

struct TlsPeerOptions {
  int least_version = TLS1_2_VERSION, latest_version = TLS1_3_VERSION;
  std::string protocols{};  ///< ALPN as it stands on the wire: `\x08http/1.1`
  std::string ciphers{};    ///< of TLS 1.2
  TlsTicket ticket{};       ///< of an earlier connection
};

class TlsPeer {
 public:
  explicit TlsPeer(const TlsPeerOptions& options = {})
      : context_(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free) {
    SSL_CTX* context = context_.get();
    SSL_CTX_set_min_proto_version(context, options.least_version);
    SSL_CTX_set_max_proto_version(context, options.latest_version);
    SSL_CTX_set_security_level(context, 0);  // also what a server should refuse can be offered
    if (!options.ciphers.empty()) SSL_CTX_set_cipher_list(context, options.ciphers.c_str());
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE);
    SSL_CTX_set_app_data(context, this);
    SSL_CTX_sess_set_new_cb(context, [](SSL* ssl, SSL_SESSION* session) {
      auto* self = static_cast<TlsPeer*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
      self->ticket_ = TlsTicket(session, &SSL_SESSION_free);
      return 1;
    });
    ssl_.reset(SSL_new(context));
    SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(ssl_.get());
    SSL_set_tlsext_host_name(ssl_.get(), "localhost");
    if (!options.protocols.empty()) {
      SSL_set_alpn_protos(ssl_.get(), reinterpret_cast<const unsigned char*>(options.protocols.data()),
                          static_cast<unsigned>(options.protocols.size()));
    }
    if (options.ticket) SSL_set_session(ssl_.get(), options.ticket.get());
    step();
  }
  TlsPeer(const TlsPeer&) = delete;
  TlsPeer& operator=(const TlsPeer&) = delete;

  /// Bytes for the server, since the last call.
  std::string take() {
    BIO* out = SSL_get_wbio(ssl_.get());
    std::string bytes(static_cast<std::size_t>(BIO_pending(out)), '\0');
    if (!bytes.empty()) BIO_read(out, bytes.data(), static_cast<int>(bytes.size()));
    return bytes;
  }
  /// Bytes of the server.
  void feed(std::string_view bytes) {
    if (!bytes.empty()) BIO_write(SSL_get_rbio(ssl_.get()), bytes.data(), static_cast<int>(bytes.size()));
    step();
  }
  void write(std::string_view text) {
    while (!text.empty()) {
      const int count =
          SSL_write(ssl_.get(), text.data(), static_cast<int>(std::min<std::size_t>(text.size(), 16'384)));
      ASSERT_GT(count, 0);
      text.remove_prefix(static_cast<std::size_t>(count));
    }
  }
  void close_notify() { SSL_shutdown(ssl_.get()); }

  [[nodiscard]] bool secured() const { return SSL_is_init_finished(ssl_.get()) == 1; }
  [[nodiscard]] bool resumed() const { return SSL_session_reused(ssl_.get()) == 1; }
  [[nodiscard]] bool failed() const { return failed_; }
  /// What broke it: a reason of OpenSSL, or 1000 and the server's alert.
  [[nodiscard]] int failure() const { return failure_; }
  [[nodiscard]] bool closed() const { return closed_; }  ///< close_notify came
  [[nodiscard]] std::string& received() { return received_; }
  [[nodiscard]] TlsTicket ticket() const { return ticket_; }
  [[nodiscard]] std::string version() const { return SSL_get_version(ssl_.get()); }
  [[nodiscard]] std::string cipher() const { return SSL_get_cipher_name(ssl_.get()); }
  [[nodiscard]] std::string protocol() const {
    const unsigned char* name = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(ssl_.get(), &name, &size);
    return {reinterpret_cast<const char*>(name), size};
  }
  /// The common name of the server's certificate.
  [[nodiscard]] std::string server_name() const {
    char name[256] = {};
    const X509* certificate = SSL_get0_peer_certificate(ssl_.get());
    if (certificate != nullptr)
      X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name, sizeof name);
    return name;
  }
  [[nodiscard]] SSL* ssl() const { return ssl_.get(); }

 private:
  void step() {
    ERR_clear_error();
    if (!secured()) {
      if (const int done = SSL_do_handshake(ssl_.get()); done != 1) {
        note(SSL_get_error(ssl_.get(), done));
        return;
      }
    }
    char chunk[16'384];
    while (true) {
      const int count = SSL_read(ssl_.get(), chunk, sizeof chunk);
      if (count <= 0) {
        note(SSL_get_error(ssl_.get(), count));
        return;
      }
      received_.append(chunk, static_cast<std::size_t>(count));
    }
  }
  void note(int error) {
    if (error == SSL_ERROR_ZERO_RETURN) closed_ = true;
    if (error != SSL_ERROR_SSL || failed_) return;
    failed_ = true;
    failure_ = ERR_GET_REASON(ERR_peek_error());
  }

  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_{nullptr, &SSL_free};
  TlsTicket ticket_;
  std::string received_;
  bool failed_ = false;
  bool closed_ = false;
  int failure_ = 0;
};

class TlsClient {
 public:
  explicit TlsClient(std::uint16_t port, const TlsPeerOptions& options = {}, int receive_buffer = 0)
      : tcp_(port, receive_buffer), peer_(options) {}

  /// Whether the handshake succeeded. `piece`: bytes of each write.
  bool connect(std::size_t piece = std::string::npos) {
    while (!peer_.secured() && !peer_.failed()) {
      if (!flush(piece)) return false;
      if (!fill()) break;
    }
    return flush(piece) && peer_.secured();
  }
  bool send(std::string_view text) {
    peer_.write(text);
    return flush();
  }
  bool flush(std::size_t piece = std::string::npos) {
    const std::string bytes = peer_.take();
    for (std::size_t at = 0; at < bytes.size(); at += std::min(piece, bytes.size() - at))
      if (!tcp_.send(std::string_view(bytes).substr(at, piece))) return false;
    return true;
  }
  std::string receive(std::size_t size) {
    while (peer_.received().size() < size && fill()) {
    }
    return take(size);
  }
  std::string receive_until(std::string_view end) {
    while (true) {
      if (const std::size_t found = peer_.received().find(end); found != std::string::npos)
        return take(found + end.size());
      if (!fill()) return take(peer_.received().size());
    }
  }
  /// To close_notify, the end of the connection or of patience.
  std::string receive_to_end() {
    while (!peer_.closed() && fill()) {
    }
    return take(peer_.received().size());
  }
  TlsPeer& peer() { return peer_; }
  TcpClient& tcp() { return tcp_; }

 private:
  bool fill() {
    const std::string bytes = tcp_.receive_some();
    if (bytes.empty()) return false;
    peer_.feed(bytes);
    return !peer_.failed();
  }
  std::string take(std::size_t size) {
    std::string taken = peer_.received().substr(0, size);
    peer_.received().erase(0, size);
    return taken;
  }

  TcpClient tcp_;
  TlsPeer peer_;
};

}  // namespace togglecast::test
