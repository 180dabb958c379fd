#include "app/process/refusal_log.hpp"

#include <cerrno>
#include <cstring>

#include "app/process/process_stats.hpp"
#include "web/address.hpp"

namespace togglecast::app {
namespace {

constexpr Rate kOneASecond{.per_second = 1, .burst = 1};

// A hint for the operator: the likely mistake of the caller.
std::string_view hint_for(engineio::ErrorCode code) {
  using engineio::ErrorCode;
  switch (code) {
    case ErrorCode::unknown_transport:
      return "add ?EIO=4&transport=websocket (or transport=polling) to the URL";
    case ErrorCode::unsupported_version:
      return "add EIO=4 to the URL; clients older than Socket.IO 3 are not served";
    case ErrorCode::unknown_sid:
      return "the session has ended; the client begins a new one";
    case ErrorCode::bad_handshake_method:
    case ErrorCode::bad_request:
    case ErrorCode::forbidden:
      return "";
  }
  return "";
}

std::string_view hint_for(net::TlsFailure failure) {
  switch (failure) {
    case net::TlsFailure::plaintext:
      return "this port speaks TLS: use https:// or wss://";
    case net::TlsFailure::refused:
      return "the client probably does not trust the certificate, or the certificate lacks the name it used";
    case net::TlsFailure::version:
      return "the server accepts TLS 1.2 and 1.3";
    case net::TlsFailure::timeout:
    case net::TlsFailure::closed:
    case net::TlsFailure::unacceptable:
    case net::TlsFailure::malformed:
      return "";
  }
  return "";
}

}  // namespace

bool RefusalLog::may_log(TokenBucket& kind) {
  if (!log_.enabled(observe::Level::warn)) return false;
  const std::scoped_lock lock(mutex_);
  return kind.take(kOneASecond, clock_.now()) == Milliseconds{0};
}

void RefusalLog::connection(const std::string& address) {
  if (!may_log(connections_)) return;
  const bool here = web::address_key(address) == web::address_key("127.0.0.1");
  log_.warn("connections closed: too many are open from this address",
            {{"address", address},
             {"hint", here ? "if a proxy runs here, name it with --trusted-proxy " + address +
                                 "; else raise --connections-per-address or set --exempt-loopback"
                           : std::string("raise --connections-per-address")}});
}

void RefusalLog::proxy_header(std::string_view reason, const std::string& address) {
  log_.warn("a trusted proxy sent no good PROXY header",
            {{"reason", reason},
             {"address", address},
             {"hint",
              "switch the PROXY protocol on in the proxy, or set --forwarded to the header that it sends"}});
}

void RefusalLog::ignored_header(std::string_view header, std::string_view address, bool trusted) {
  const std::string proxy(address);
  const bool standard = header == "Forwarded";
  log_.write(
      observe::Level::warn, observe::Cause::known, "a forwarding header is ignored; this is logged once",
      {{"header", header},
       {"address", address},
       {"hint", trusted ? std::string("the proxy sends this kind; start the server with --forwarded ") +
                              (standard ? "forwarded" : "x-forwarded")
                        : "if this is your proxy, start the server with --trusted-proxy " + proxy +
                              "; until then all its clients count as one address"}});
}

void RefusalLog::other_node(const std::string& address) {
  if (told_of_other_nodes_.test_and_set()) return;
  log_.write(
      observe::Level::warn, observe::Cause::known,
      "a request came for a session of another node; this is logged once",
      {{"address", address}, {"hint", kStickyHint}, {"metric", "togglecast_sessions_of_other_nodes_total"}});
}

void RefusalLog::exhausted(int error) {
  if (!may_log(exhaustions_)) return;
  const observe::Field reason("reason", std::strerror(error));
  if (error == EMFILE) {
    log_.error("connections wait: no file descriptor is left for them",
               {reason,
                {"max_fds", descriptor_limit()},
                {"hint", "raise the limit of open files (ulimit -n, or LimitNOFILE= of a systemd unit)"}});
  } else {
    log_.error("connections wait: the system has no resources for them", {reason});
  }
}

void RefusalLog::handshake(const web::Exchange& exchange, engineio::ErrorCode code,
                           std::string_view message) {
  const std::string_view origin = exchange.request().headers.value("Origin");
  const std::string_view hint = hint_for(code);
  const observe::Field which("code", static_cast<int>(code));
  const observe::Field request_id("request_id", exchange.id());
  const observe::Field reason("reason", message);
  const observe::Field address("address", exchange.peer().address);
  if (!hint.empty()) {
    log_.warn("Socket.IO request refused", {request_id, which, reason, {"hint", hint}, address});
  } else if (!origin.empty()) {
    log_.warn("Socket.IO request refused", {request_id, which, reason, {"origin", origin}, address});
  } else {
    log_.warn("Socket.IO request refused", {request_id, which, reason, address});
  }
}

void RefusalLog::handshake(net::TlsFailure failure, std::string_view detail, const std::string& address) {
  if (failure == net::TlsFailure::closed || failure == net::TlsFailure::timeout) return;
  const observe::Field why("failure", net::to_string(failure));
  const observe::Field reason("reason", detail);
  if (const std::string_view hint = hint_for(failure); !hint.empty()) {
    log_.warn("TLS handshake failed", {why, reason, {"hint", hint}, {"address", address}});
  } else {
    log_.warn("TLS handshake failed", {why, reason, {"address", address}});
  }
}

void RefusalLog::unknown_namespace(std::string_view nsp, std::string_view address) {
  const std::string_view hint =
      nsp == "/" ? "io('http://host') joins '/'; use io('http://host/client') or io('http://host/admin')"
                 : "the namespaces are /client and /admin";
  log_.warn("CONNECT refused: Invalid namespace", {{"nsp", nsp}, {"hint", hint}, {"address", address}});
}

void RefusalLog::request(unsigned status, std::string_view message, const web::Peer& peer) {
  log_.warn("request refused", {{"status", status}, {"reason", message}, {"address", peer.address}});
}

}  // namespace togglecast::app
