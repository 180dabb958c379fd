// Calls other servers. Every request of this process to another HTTP server goes through one of these.
//
//   egress::Client client(options, clock, log, metrics);
//   client.fetch({.url = "https://id.example/jwks", .purpose = Purpose::jwks}, [](Result<Response> answer)
//   {…});
//
// It calls https URLs only, of addresses that `AddressPolicy` allows, and follows no redirect: a 3xx is an
// answer like any other. What it reads is bounded in bytes and time. Each host has a rate and a breaker.
// Cookies, .netrc, and the proxy variables of the environment count for nothing.
//
// Thread rule: any thread. It has a thread of its own, which begins with the first fetch. `done` is called
// exactly once, on that thread, and must return quickly; it may call `fetch`. After `stop` it is called
// within the call.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/token_bucket.hpp"
#include "egress/address_policy.hpp"
#include "egress/breaker.hpp"
#include "observe/log.hpp"
#include "observe/metrics.hpp"

namespace togglecast::egress {

/// Why a server is called: the label of the metrics.
enum class Purpose : std::uint8_t {
  jwks,            ///< keys of issuers of tokens
  openid_connect,  ///< logins of admins
};
[[nodiscard]] std::string_view to_string(Purpose purpose) noexcept;
inline constexpr std::size_t kPurposes = 2;

enum class Method : std::uint8_t { get, post };

struct Header {
  std::string name, value;
};

struct Request {
  std::string url;
  Method method = Method::get;
  std::vector<Header> headers{};
  std::string body{};  ///< of a POST
  Purpose purpose = Purpose::jwks;
};

struct Response {
  int status = 0;  ///< any: 404 and 302, too, are answers
  std::vector<Header> headers{};
  std::string body{};
  UnixMillis fetched_at{};

  /// The first header of this name, in any case; empty without one.
  [[nodiscard]] std::string_view header(std::string_view name) const noexcept;
};

struct Options {
  AddressPolicy addresses{};
  /// For tests and development: `http://` to a loopback address, written as such, is allowed.
  bool plain_http_to_loopback = false;
  std::string proxy{};              ///< `http://host:port`; empty: none
  std::filesystem::path ca_file{};  ///< certificates that are trusted besides the system's
  std::string user_agent = "Togglecast";
  Milliseconds connect_timeout{5'000};  ///< until the connection is there, its TLS handshake included
  Milliseconds total_timeout{10'000};   ///< until the answer is complete
  std::size_t max_body = std::size_t{1'024} * 1'024;
  std::size_t max_headers = std::size_t{32} * 1'024;
  std::size_t at_once = 16;         ///< requests under way …
  std::size_t of_one_purpose = 12;  ///< … and those of one purpose, so that they hold up no others
  std::size_t waiting = 256;        ///< requests that wait for their turn
  Rate per_host{2, 20};
  BreakerOptions breaker{};
};

using Done = std::function<void(Result<Response> answer)>;

class Client {
 public:
  /// All references must outlive it.
  Client(Options options, const Clock& clock, observe::Log& log, observe::Metrics& metrics);
  /// Stops.
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// Errors of `done`: `invalid_argument` for a URL that may not be called, `forbidden` for an address that
  /// may not, `timeout`, `payload_too_large`, `rate_limited`, and `unavailable` for everything else: no
  /// connection, a bad certificate, an open breaker, too many requests, a client that stops. The last two may
  /// say when to try again.
  void fetch(Request request, Done done);

  /// Whether a URL may be called, as far as its text tells: for requests that configure one.
  [[nodiscard]] Result<void> check_url(std::string_view url) const;

  /// Ends what is under way, whatever it waits for: their `done` hears of it before this returns.
  void stop();

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace togglecast::egress
