// One server's side of TLS without a socket: bytes of the peer in, plaintext and bytes for the peer out. Idle
// it holds no buffer, and before the peer's first byte nothing of OpenSSL at all.
// Thread rule: one thread at a time; views returned are good until the next call on this thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "net/tls_context.hpp"

namespace togglecast::net {

class TlsSession {
 public:
  static constexpr std::size_t kRecordBytes = 16 * 1024;  ///< plaintext of one record at most
  static constexpr std::size_t kInputBytes = 32 * 1024;   ///< given to `open` at once at most
  /// What `open` may write: everything given, and what was missing to a record that began earlier.
  static constexpr std::size_t kOutputBytes = kInputBytes + kRecordBytes;

  explicit TlsSession(std::shared_ptr<TlsContext> context) noexcept : context_(std::move(context)) {}
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;
  ~TlsSession();

  enum class End : std::uint8_t {
    none,
    closed,  ///< the peer will send no more (close_notify)
    failed,  ///< the connection is broken; `reply` says so to the peer, and is the last it should get
  };
  struct Opened {
    std::size_t size = 0;      ///< plaintext written
    std::string_view reply{};  ///< bytes for the peer
    bool secured = false;      ///< the handshake was finished by these bytes
    End end = End::none;
  };
  /// Takes what the peer sent. Nothing of it is kept but the beginning of an unfinished record.
  [[nodiscard]] Opened open(std::string_view bytes, char* into);

  /// `plaintext`, at most one record of it, for the peer; empty when the session is broken or not yet
  /// secured.
  [[nodiscard]] std::string_view seal(std::string_view plaintext);
  /// close_notify, once; empty when there is nobody to tell.
  [[nodiscard]] std::string_view say_goodbye();

  [[nodiscard]] bool secured() const noexcept { return state_ == State::secured; }
  [[nodiscard]] bool resumed() const noexcept;
  /// Why `open` failed, in OpenSSL's words and in ours.
  [[nodiscard]] TlsFailure failure() const noexcept { return failure_; }
  [[nodiscard]] std::string_view failure_detail() const noexcept { return detail_; }
  [[nodiscard]] TlsContext& context() const noexcept { return *context_; }

  /// A buffer of `kInputBytes` for reading into, shared by all sessions of this thread.
  [[nodiscard]] static char* input_buffer();

 private:
  enum class State : std::uint8_t { fresh, handshake, secured, said_goodbye, broken };

  [[nodiscard]] bool begin();
  void read_records(Opened& opened, char* into);
  void fail(Opened& opened, int error);

  std::shared_ptr<TlsContext> context_;
  ssl_st* ssl_ = nullptr;
  const char* detail_ = "";
  TlsFailure failure_ = TlsFailure::malformed;
  State state_ = State::fresh;
};

}  // namespace togglecast::net
