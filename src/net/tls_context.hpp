// TLS 1.3 and 1.2 for listeners: certificate and key, session tickets, counters. A listener speaks TLS when
// its options have a context. Plain and TLS ports may exist side by side, and several ports may share a
// context.
//
//   auto tls = net::TlsContext::load(web::https("fullchain.pem", "key.pem"));   // or your own TlsOptions
//   if (!tls) return complain(tls.error().message);
//   pool.listen({.port = 443, .tls = *tls}, http.accept_handler());
//   …
//   auto read_again = (*tls)->reload();   // new handshakes get the new certificate; connections stay
//
// TLS 1.2 allows only ECDHE with AES-GCM or ChaCha20-Poly1305. Everything else is OpenSSL's default. There is
// no renegotiation, no compression and no early data. A client may resume with a ticket for `ticket_life`
// after its last handshake. Ticket keys are random, shared by all shards, and survive a reload.
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

/// Why a handshake failed.
enum class TlsFailure : std::uint8_t {
  plaintext,     ///< the peer spoke without TLS
  timeout,       ///< the handshake was not finished in time
  closed,        ///< the peer closed the connection during the handshake
  version,       ///< the peer knows only older versions
  unacceptable,  ///< no common cipher, curve or protocol
  refused,       ///< the peer sent an alert, mostly because it does not trust the certificate
  malformed,     ///< the bytes are not TLS, or break its rules
};
inline constexpr std::size_t kTlsFailures = 7;
/// As a label of metrics: `plaintext`.
[[nodiscard]] std::string_view to_string(TlsFailure failure) noexcept;

struct TlsOptions {
  std::filesystem::path certificate;     ///< PEM: the server's certificate, then the intermediate ones
  std::filesystem::path key;             ///< PEM, without a passphrase
  std::vector<std::string> protocols{};  ///< for ALPN, the preferred one first; empty: no ALPN
  /// The answer to a peer whose first byte is an upper-case letter, as in HTTP without TLS; empty: none.
  std::string plaintext_answer{};
  Milliseconds handshake_timeout{10'000};       ///< from accepting to the end of the handshake
  std::chrono::seconds ticket_life{6 * 3'600};  ///< how long a client may resume
};

struct TlsCounters {
  std::atomic<std::uint64_t> handshakes{0};          ///< finished handshakes, with the resumed ones
  std::atomic<std::uint64_t> resumed_handshakes{0};  ///< finished with a ticket
  std::array<std::atomic<std::uint64_t>, kTlsFailures> failures{};  ///< by TlsFailure
  std::atomic<std::uint64_t> alerts_sent{0}, alerts_received{0};    ///< without close_notify
};

class TlsContext {
 public:
  /// Reads both files. The error names the file and the problem.
  [[nodiscard]] static Result<std::shared_ptr<TlsContext>> load(TlsOptions options);
  explicit TlsContext(TlsOptions options);  ///< has no certificate before the first `reload`
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  /// Called on the shard's thread for each failed handshake, with the address of the TCP peer.
  using FailureHandler =
      std::function<void(TlsFailure failure, std::string_view detail, const std::string& address)>;
  /// Before the shards start.
  void on_failure(FailureHandler handler) { report_ = std::move(handler); }

  /// Reads both files again. After an error the old certificate stays in use.
  [[nodiscard]] Result<void> reload();

  struct Validity {
    UnixMillis from, until;
  };
  /// When the certificate in use is valid. The server uses it before and after that time too.
  [[nodiscard]] Validity validity() const;
  [[nodiscard]] const TlsOptions& options() const noexcept { return options_; }
  [[nodiscard]] const TlsCounters& counters() const noexcept { return counters_; }

  // For TlsSession and TlsHandshakes.
  /// A server-side session before its handshake, or nullptr without memory. The caller frees it before this
  /// context is destroyed.
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
  std::string protocols_;  // in the form of ALPN: each after its length
  SystemRandom random_;
  TicketKeys ticket_keys_;
  TlsCounters counters_;
  FailureHandler report_;
  mutable std::mutex mutex_;
  Loaded loaded_;  // under the lock; never changed in place
};

}  // namespace togglecast::net
