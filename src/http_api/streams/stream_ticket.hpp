// What stands in the URL of OFREP's notices: a page's EventSource sends no headers. A ticket says whose
// changes are told, and by which token. It opens nothing else, and nobody but this installation can read or
// make one. Equal tokens have equal tickets, on every node and after a restart, so that a URL stays the same.
//
//   ticket := base64url(iv (text xor pad))     iv = HMAC(k1, text), its first 16 bytes
//                                              pad = HMAC(k2, iv 0) HMAC(k2, iv 1) …
//
// The iv is the proof, too: it is that of no other text. So equal texts are equal tickets, and that is all
// that a ticket shows. Thread rule: any thread.
#pragma once

#include <string>
#include <string_view>

#include "auth/signing_key.hpp"
#include "base/error.hpp"
#include "base/memory/recently_used.hpp"
#include "service/accounts/principal.hpp"

namespace togglecast::http_api {

class StreamTickets {
 public:
  /// A key of the installation for this purpose alone.
  explicit StreamTickets(const auth::SigningKey& key)
      : proof_(key.derive("proof of a ticket")), pad_(key.derive("pad of a ticket")) {}

  /// Of a client with a token.
  [[nodiscard]] std::string seal(const service::Principal& client) const;
  /// Names the token that `seal` would make a ticket for. No secret is in it.
  [[nodiscard]] static std::string name_of(const service::Principal& client);
  /// The client as its token made it: ask `Authenticator::recheck` if it still may. `token_invalid` for every
  /// text that `seal` did not make.
  [[nodiscard]] Result<service::Principal> open(std::string_view ticket) const;

 private:
  [[nodiscard]] std::string iv_of(std::string_view text) const;
  void cross(std::string& text, std::string_view iv) const;

  static constexpr std::size_t kSealed = 4'096;  // tickets

  auth::SigningKey proof_, pad_;
  mutable RecentlyUsed<std::string> sealed_{kSealed};  // by `name_of`
};

}  // namespace togglecast::http_api
