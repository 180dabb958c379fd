// Reads HTTP/1.1 requests (RFC 9112) from bytes, with Beast's parser through `put()`. Sans-I/O. Stricter than
// Beast where leniency would let two readers see different requests: lengths, codings, line ends, folding.
// What arrives cut is gathered within the limits and looked at once; an idle parser holds no buffer.
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
  std::size_t header_fields = 256;     ///< each costs memory beyond its bytes
  std::size_t query_parameters = 256;  ///< likewise
};

/// What a refused request is answered with, after which the connection is closed.
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

  /// Asked once per request when its headers are complete (method, target, path, query, headers are set): the
  /// most bytes its body may have, declared or counted while reading. Not set: `limits.body_bytes`.
  void on_headers(std::function<std::size_t(const Request&)> body_limit);

  enum class State { need_more, complete, refused };
  /// Uses bytes from the front of `input` (moving it past them) until a request is complete, refused, or the
  /// input used up. Pipelined bytes after a complete request stay in `input`, and so do all bytes until that
  /// request is taken, or for good once one was refused.
  [[nodiscard]] State feed(std::string_view& input);

  /// The complete request; the parser is then ready for the next one.
  [[nodiscard]] Request take();
  /// The request as far as it was read when it was refused, or while its body is being read.
  [[nodiscard]] const Request& partial() const noexcept;
  [[nodiscard]] const Refusal& refusal() const noexcept;
  /// Headers are complete but the body is not (a client waiting for `100 Continue` when `expects_continue`).
  [[nodiscard]] bool in_body() const noexcept;
  [[nodiscard]] bool expects_continue() const noexcept;
  /// Nothing of a request has been read.
  [[nodiscard]] bool idle() const noexcept;

 private:
  struct Reading;
  std::unique_ptr<Reading> reading_;
};

}  // namespace togglecast::wire::http
