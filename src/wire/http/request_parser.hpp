// Reads HTTP/1.1 requests (RFC 9112) from bytes, with Beast's parser through `put()`. No I/O. It is stricter
// than Beast where two lenient readers could see different requests: lengths, codings, line ends, folding.
// It gathers pieces within the limits and reads each byte once. An idle parser holds no buffer.
// Thread rule: one per connection.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "wire/http/message.hpp"

namespace togglecast::wire::http {

struct ParserLimits {
  std::size_t header_bytes = 16 * 1024;
  std::size_t body_bytes = 64 * 1024;
  std::size_t target_bytes = 8 * 1024;
  std::size_t header_fields = 256;     ///< each field costs memory beyond its bytes
  std::size_t query_parameters = 256;  ///< each parameter does, too
};

/// The answer to a request that is refused. The connection is closed after it.
struct Refusal {
  unsigned status = 400;  ///< 400, 413, 414, 431, 501 or 505
  std::string message;    ///< names the header or the byte
};

class RequestParser {
 public:
  explicit RequestParser(ParserLimits limits);
  RequestParser(RequestParser&&) noexcept;
  RequestParser& operator=(RequestParser&&) noexcept;
  ~RequestParser();

  /// Called once per request when its headers are complete; method, target, path, query and headers are set.
  /// Returns the most bytes that the body may have, declared or counted while reading. Without it the limit
  /// is `limits.body_bytes`.
  void on_headers(std::function<std::size_t(const Request&)> body_limit);

  enum class State { need_more, complete, refused };
  /// Reads from the front of `input`, and moves it past the bytes read, until a request is complete or
  /// refused, or until the input ends. Bytes after a complete request stay in `input` until `take`. After a
  /// refusal all bytes stay.
  [[nodiscard]] State feed(std::string_view& input);

  /// Takes the complete request. The parser is then ready for the next one.
  [[nodiscard]] Request take();
  /// The request as far as it was read when it was refused, or while its body is being read.
  [[nodiscard]] const Request& partial() const noexcept;
  [[nodiscard]] const Refusal& refusal() const noexcept;
  /// The headers are complete and the body is not. With `expects_continue` the client waits for `100
  /// Continue`.
  [[nodiscard]] bool in_body() const noexcept;
  [[nodiscard]] bool expects_continue() const noexcept;
  /// Nothing of a request has been read.
  [[nodiscard]] bool idle() const noexcept;

 private:
  struct Reading;
  std::unique_ptr<Reading> reading_;
};

}  // namespace togglecast::wire::http
