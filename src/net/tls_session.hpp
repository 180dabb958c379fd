// The server side of one TLS connection, without a socket: the peer's bytes go in, plaintext and bytes for
// the peer come out. An idle session holds no buffer. Before the peer's first byte it holds no OpenSSL
// object. Thread rule: one thread at a time. Returned views are valid until the next call on this thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "net/tls_context.hpp"

namespace togglecast::net {

class TlsSession {
 public:
  static constexpr std::size_t kRecordBytes = 16 * 1024;  ///< most plaintext in one record
  static constexpr std::size_t kInputBytes = 32 * 1024;   ///< most bytes for one call of `decrypt`
  /// Most plaintext of one call of `decrypt`: that of its input and of a record that began earlier.
  static constexpr std::size_t kOutputBytes = kInputBytes + kRecordBytes;

  explicit TlsSession(std::shared_ptr<TlsContext> context) noexcept : context_(std::move(context)) {}
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;
  ~TlsSession();

  enum class End : std::uint8_t {
    none,
    closed,  ///< the peer will send no more (close_notify)
    failed,  ///< the connection is broken; `reply` is the last thing to send
  };
  struct Decrypted {
    std::size_t size = 0;      ///< plaintext written
    std::string_view reply{};  ///< bytes to send to the peer
    bool secured = false;      ///< these bytes finished the handshake
    End end = End::none;
  };
  /// Takes the peer's bytes and writes their plaintext to `into`, at most kOutputBytes. The session keeps
  /// only the beginning of an unfinished record.
  [[nodiscard]] Decrypted decrypt(std::string_view bytes, char* into);

  /// Encrypts `plaintext`, at most one record of it. Returns an empty view when the session is broken or its
  /// handshake is not finished.
  [[nodiscard]] std::string_view encrypt(std::string_view plaintext);
  /// The alert that ends our bytes (RFC 8446, section 6.1). Empty when it was sent already, or when the
  /// session is broken or not secured.
  [[nodiscard]] std::string_view close_notify();

  [[nodiscard]] bool secured() const noexcept { return state_ == State::secured; }
  [[nodiscard]] bool resumed() const noexcept;
  /// Why `decrypt` failed: our classification, then OpenSSL's text.
  [[nodiscard]] TlsFailure failure() const noexcept { return failure_; }
  [[nodiscard]] std::string_view failure_detail() const noexcept { return detail_; }
  [[nodiscard]] TlsContext& context() const noexcept { return *context_; }

  /// A buffer of `kInputBytes` for reading, shared by all sessions of this thread.
  [[nodiscard]] static char* input_buffer();

 private:
  enum class State : std::uint8_t { fresh, handshake, secured, close_sent, broken };

  [[nodiscard]] bool begin();
  void read_records(Decrypted& decrypted, char* into);
  void fail(Decrypted& decrypted, int error);

  std::shared_ptr<TlsContext> context_;
  ssl_st* ssl_ = nullptr;
  const char* detail_ = "";
  TlsFailure failure_ = TlsFailure::malformed;
  State state_ = State::fresh;
};

}  // namespace togglecast::net
