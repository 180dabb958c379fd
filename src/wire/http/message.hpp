// HTTP/1.1 requests and responses (RFC 9110, RFC 9112) as values.
// Thread rule: plain values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/shared_bytes.hpp"
#include "wire/http/headers.hpp"

namespace togglecast::wire::http {

enum class Method : std::uint8_t { get, head, post, put, patch, del, options, other };
[[nodiscard]] std::string_view to_string(Method method) noexcept;

/// Query parameters in order, percent-decoded. `+` is a space, and a broken escape stays as it is.
class Query {
 public:
  Query() = default;
  explicit Query(std::string_view encoded);
  /// The last value of `name`. Empty if there is none.
  [[nodiscard]] std::string_view value(std::string_view name) const noexcept;
  [[nodiscard]] bool contains(std::string_view name) const noexcept;
  [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& parameters() const noexcept {
    return parameters_;
  }

 private:
  std::vector<std::pair<std::string, std::string>> parameters_;
};

struct Request {
  Method method = Method::get;
  std::string method_text;  ///< as sent, for messages
  std::string target;       ///< as sent: path and query, or an absolute URL
  std::string path;         ///< without query, still percent-encoded; `*` for `OPTIONS *`
  Query query;
  Headers headers;
  std::string body;
  bool keep_alive = true;  ///< of HTTP/1.1 and without `Connection: close`
  bool upgrade = false;    ///< asks for WebSocket; other upgrades are ignored (RFC 9110, section 7.8)
  unsigned version = 11;   ///< 10 or 11
};

struct Response {
  unsigned status = 200;
  Headers headers;
  std::string body;
  bool close = false;  ///< end the connection after this answer
  /// Bytes that many answers share, in place of `body`: those from `shared_from` on, `shared_size` of them.
  SharedBytes shared{};
  std::size_t shared_from = 0, shared_size = 0;

  /// The body, wherever it stands.
  [[nodiscard]] std::string_view content() const noexcept {
    return shared ? shared.view().substr(shared_from, shared_size) : std::string_view(body);
  }
};

/// Status line, headers, and the body unless `head_only`. Adds Content-Length (except for 1xx, 204 and 304),
/// and `Connection: close` if `keep_alive` is false or the response closes.
[[nodiscard]] std::string serialize(const Response& response, bool keep_alive, bool head_only);

[[nodiscard]] std::string_view reason_phrase(unsigned status) noexcept;

/// Percent-decoding of a path segment; false on a broken escape.
[[nodiscard]] bool percent_decode(std::string_view text, std::string& out);

}  // namespace togglecast::wire::http
