// TLS 1.3 and 1.2 for listeners: certificate and key, session tickets, counters. Off unless one is given to
// `ShardPool::listen`; plain and TLS ports may stand side by side, and several ports may share a context.
//
//   auto tls = net::TlsContext::load(web::https("fullchain.pem", "key.pem"));   // or own TlsOptions
//   if (!tls) return complain(tls.error().message);
//   pool.listen({.port = 443, .tls = *tls}, http.accept_handler());
//   …
//   auto read_again = (*tls)->reload();   // new handshakes get the new certificate; connections stay
//
// TLS 1.2 is limited to ECDHE with AES-GCM or ChaCha20-Poly1305; everything else is OpenSSL's default. There
// is no renegotiation, no compression and no early data. A client may resume by a ticket for `ticket_life`
// after its last handshake; the keys of tickets are random, shared by all shards and survive a reload.
//
// Thread rule: any thread.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/random.hpp"
#include "net/tls_ticket_keys.hpp"

struct ssl_st;
struct ssl_ctx_st;

namespace togglecast::net {

/// Why a handshake came to nothing.
enum class TlsFailure : std::uint8_t {
  plaintext,     ///< the peer began to speak without TLS
  timeout,       ///< not finished in time
  closed,        ///< the peer went away in the middle
  version,       ///< the peer knows only older versions
  unacceptable,  ///< no cipher, curve or protocol in common
  refused,       ///< the peer sent an alert: it does not trust the certificate, mostly
  malformed,     ///< what came is not TLS, or not as it must be
};
inline constexpr std::size_t kTlsFailures = 7;
/// As a label of metrics: `plaintext`.
[[nodiscard]] std::string_view to_string(TlsFailure failure) noexcept;

struct TlsOptions {
  std::filesystem::path certificate;     ///< PEM: the server's own first, then the intermediate ones
  std::filesystem::path key;             ///< PEM, without a passphrase
  std::vector<std::string> protocols{};  ///< for ALPN, the preferred first; empty: not negotiated
  /// What a peer is told that begins with an upper-case letter, as requests without TLS do; empty: nothing.
  std::string plaintext_answer{};
  Milliseconds handshake_timeout{10'000};  ///< from accepting to the end of the handshake
  std::chrono::seconds ticket_life{6 * 3'600};
};

struct TlsCounters {
  std::atomic<std::uint64_t> handshakes{0};          ///< finished, the resumed ones included
  std::atomic<std::uint64_t> resumed_handshakes{0};  ///< by a ticket
  std::array<std::atomic<std::uint64_t>, kTlsFailures> failures{};
  std::atomic<std::uint64_t> alerts_sent{0}, alerts_received{0};  ///< close_notify is none
};

class TlsContext {
 public:
  /// Reads both files. The error says which file, and what is the matter with it.
  [[nodiscard]] static Result<std::shared_ptr<TlsContext>> load(TlsOptions options);
  explicit TlsContext(TlsOptions options);  ///< of no use before the first `reload`
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  /// Hears of failed handshakes, on the shard's thread: why, in other words, and the TCP peer's address.
  using FailureHandler =
      std::function<void(TlsFailure failure, std::string_view detail, const std::string& address)>;
  /// Before the shards start.
  void on_failure(FailureHandler handler) { report_ = std::move(handler); }

  /// Reads both files again. After an error everything stays as it was.
  [[nodiscard]] Result<void> reload();

  struct Validity {
    UnixMillis from, until;
  };
  /// When the certificate in use is valid. An expired one is served nevertheless: that is for its reader to
  /// judge.
  [[nodiscard]] Validity validity() const;
  [[nodiscard]] const TlsOptions& options() const noexcept { return options_; }
  [[nodiscard]] const TlsCounters& counters() const noexcept { return counters_; }

  // For TlsSession and TlsHandshakes.
  /// A server's side that has not begun, or nullptr without memory. The caller frees it before this context.
  [[nodiscard]] ssl_st* new_session() const;
  [[nodiscard]] TlsCounters& own_counters() noexcept { return counters_; }
  void failed(TlsFailure failure, std::string_view detail, const std::string& address);
  [[nodiscard]] TicketKeys& ticket_keys() noexcept { return ticket_keys_; }

 private:
  struct Loaded {
    std::shared_ptr<ssl_ctx_st> context;
    Validity validity{};
  };
  [[nodiscard]] Result<Loaded> read_files();

  TlsOptions options_;
  std::string protocols_;  // as ALPN writes them: each behind its length
  SystemRandom random_;
  TicketKeys ticket_keys_;
  TlsCounters counters_;
  FailureHandler report_;
  mutable std::mutex mutex_;
  Loaded loaded_;  // under the lock; never changed in place
};

}  // namespace togglecast::net
