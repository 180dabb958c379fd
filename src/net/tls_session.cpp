#include "net/tls_session.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <cstring>

namespace togglecast::net {
namespace {

// The input and output of the current call. OpenSSL reads and writes only here, never a socket.
struct Wire {
  std::string_view in;
  std::string out;
};

Wire& wire() {
  thread_local Wire here;
  return here;
}

int read_wire(BIO* bio, char* into, int size) {
  std::string_view& in = wire().in;
  BIO_clear_retry_flags(bio);
  if (in.empty()) {
    BIO_set_retry_read(bio);
    return -1;
  }
  const std::size_t taken = std::min(in.size(), static_cast<std::size_t>(size));
  std::memcpy(into, in.data(), taken);
  in.remove_prefix(taken);
  return static_cast<int>(taken);
}

int write_wire(BIO* bio, const char* bytes, int size) {
  BIO_clear_retry_flags(bio);
  wire().out.append(bytes, static_cast<std::size_t>(size));
  return size;
}

long control_wire(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

int create_wire(BIO* bio) {
  BIO_set_init(bio, 1);
  return 1;
}

const BIO_METHOD* wire_method() {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "turn");
    BIO_meth_set_read(made, &read_wire);
    BIO_meth_set_write(made, &write_wire);
    BIO_meth_set_ctrl(made, &control_wire);
    BIO_meth_set_create(made, &create_wire);
    return made;
  }();
  return method;
}

Wire& fresh_wire(std::string_view in) {
  Wire& here = wire();
  here.in = in;
  here.out.clear();
  ERR_clear_error();  // of earlier uses of OpenSSL on this thread
  return here;
}

TlsFailure classify(unsigned long code) {
  const int reason = ERR_GET_REASON(code);
  if (ERR_GET_LIB(code) != ERR_LIB_SSL) return TlsFailure::malformed;
  if (reason >= SSL_AD_REASON_OFFSET) return TlsFailure::refused;
  switch (reason) {
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_VERSION_TOO_LOW:
    case SSL_R_UNKNOWN_PROTOCOL:
      return TlsFailure::version;
    case SSL_R_NO_SHARED_CIPHER:
    case SSL_R_NO_SUITABLE_KEY_SHARE:
    case SSL_R_NO_SUITABLE_GROUPS:
    case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
    case SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS:
    case SSL_R_NO_APPLICATION_PROTOCOL:
      return TlsFailure::unacceptable;
    default:
      return TlsFailure::malformed;
  }
}

}  // namespace

char* TlsSession::input_buffer() {
  thread_local const auto buffer = std::make_unique<char[]>(kInputBytes);
  return buffer.get();
}

TlsSession::~TlsSession() { SSL_free(ssl_); }

bool TlsSession::begin() {
  ssl_ = context_->new_session();
  BIO* bio = ssl_ == nullptr ? nullptr : BIO_new(wire_method());
  if (bio == nullptr) return false;
  SSL_set_bio(ssl_, bio, bio);
  SSL_set_accept_state(ssl_);
  state_ = State::handshake;
  return true;
}

TlsSession::Decrypted TlsSession::decrypt(std::string_view bytes, char* into) {
  Decrypted decrypted;
  if (bytes.empty() || state_ == State::broken) return decrypted;
  Wire& here = fresh_wire(bytes);
  if (state_ == State::fresh) {
    if (bytes.front() >= 'A' && bytes.front() <= 'Z') {
      state_ = State::broken;
      failure_ = TlsFailure::plaintext;
      detail_ = "the peer spoke without TLS";
      decrypted.end = End::failed;
      decrypted.reply = context_->options().plaintext_answer;
      return decrypted;
    }
    if (!begin()) {
      fail(decrypted, SSL_ERROR_SSL);
      return decrypted;
    }
  }
  if (state_ == State::handshake) {
    const int done = SSL_do_handshake(ssl_);
    if (done == 1) {
      state_ = State::secured;
      decrypted.secured = true;
      auto& counters = context_->own_counters();
      ++counters.handshakes;
      if (resumed()) ++counters.resumed_handshakes;
    } else if (const int error = SSL_get_error(ssl_, done); error != SSL_ERROR_WANT_READ) {
      fail(decrypted, error);
    }
  }
  if (state_ == State::secured || state_ == State::close_sent) read_records(decrypted, into);
  here.in = {};
  decrypted.reply = here.out;
  return decrypted;
}

// Reads until nothing is left, because OpenSSL releases its buffer only then.
void TlsSession::read_records(Decrypted& decrypted, char* into) {
  while (true) {
    std::size_t count = 0;
    const int result = SSL_read_ex(ssl_, into + decrypted.size, kOutputBytes - decrypted.size, &count);
    if (result == 1) {
      decrypted.size += count;
      continue;
    }
    const int error = SSL_get_error(ssl_, result);
    if (error == SSL_ERROR_WANT_READ) return;
    if (error == SSL_ERROR_ZERO_RETURN) {
      decrypted.end = End::closed;
      return;
    }
    fail(decrypted, error);
    return;
  }
}

void TlsSession::fail(Decrypted& decrypted, int error) {
  state_ = State::broken;
  decrypted.end = End::failed;
  const unsigned long code = error == SSL_ERROR_SSL ? ERR_peek_error() : 0;
  failure_ = classify(code);
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  detail_ = reason == nullptr ? "unknown error" : reason;
  ERR_clear_error();
}

std::string_view TlsSession::encrypt(std::string_view plaintext) {
  if (state_ != State::secured) return {};
  Wire& here = fresh_wire({});
  std::size_t taken = 0;
  plaintext = plaintext.substr(0, kRecordBytes);
  if (SSL_write_ex(ssl_, plaintext.data(), plaintext.size(), &taken) != 1 || taken != plaintext.size()) {
    state_ = State::broken;
    ERR_clear_error();
    return {};
  }
  return here.out;
}

std::string_view TlsSession::close_notify() {
  if (state_ != State::secured) return {};
  state_ = State::close_sent;
  Wire& here = fresh_wire({});
  SSL_shutdown(ssl_);
  return here.out;
}

bool TlsSession::resumed() const noexcept { return ssl_ != nullptr && SSL_session_reused(ssl_) == 1; }

}  // namespace togglecast::net
