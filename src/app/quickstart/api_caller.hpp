// Requests to the REST API of a server, one connection each. Thread rule: one thread; blocks.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/secret.hpp"

namespace togglecast::app {

class ApiCaller {
 public:
  /// `host` is a name or an address.
  ApiCaller(std::string host, std::uint16_t port) : host_(std::move(host)), port_(port) {}

  /// Sends this token with all requests from now on.
  void use_token(Secret token) { token_ = std::move(token); }
  /// `unavailable`, with a sentence for the operator, when no server answers.
  [[nodiscard]] Result<void> reach() const;
  /// Path and query below `/api/v1/`; a null body sends none. The answer's body. A refusal is an error with
  /// the server's own sentence and code. `unavailable` when no server answers.
  [[nodiscard]] Result<json::value> call(std::string_view method, std::string_view path,
                                         const json::value& body = nullptr);
  /// Whether the server takes this token for a client's.
  [[nodiscard]] Result<bool> is_client_token(const Secret& token);

 private:
  struct Reply {
    unsigned status = 0;
    json::value body;
  };
  [[nodiscard]] Result<Reply> send(std::string_view method, std::string_view path, const json::value& body,
                                   const Secret& token) const;

  std::string host_;
  std::uint16_t port_;
  Secret token_;
};

}  // namespace togglecast::app
