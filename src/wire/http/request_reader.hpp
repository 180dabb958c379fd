// Beast's HTTP/1 parser with rules of our own: fills a Request, or records why it is refused.
// Thread rule: one per request.
#pragma once

#include <boost/beast/http/basic_parser.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "wire/http/message.hpp"
#include "wire/http/request_parser.hpp"

namespace togglecast::wire::http {

class RequestReader final : public boost::beast::http::basic_parser<true> {
 public:
  using BodyLimit = std::function<std::size_t(const Request&)>;

  RequestReader(const ParserLimits& limits, const BodyLimit& body_limit);

  [[nodiscard]] Request& request() noexcept { return request_; }
  [[nodiscard]] const Request& request() const noexcept { return request_; }
  /// True if the request broke one of our rules. The error code of `put` then means nothing.
  [[nodiscard]] bool refused() const noexcept { return refused_; }
  [[nodiscard]] const Refusal& refusal() const noexcept { return refusal_; }

 private:
  using Error = boost::beast::error_code;
  using View = boost::beast::string_view;

  void on_request_impl(boost::beast::http::verb verb, View method, View target, int version,
                       Error& error) override;
  void on_response_impl(int, View, int, Error&) override {}
  void on_field_impl(boost::beast::http::field field, View name, View value, Error& error) override;
  void on_header_impl(Error& error) override;
  void on_body_init_impl(const boost::optional<std::uint64_t>&, Error&) override {}
  std::size_t on_body_impl(View body, Error& error) override;
  void on_chunk_header_impl(std::uint64_t size, View extensions, Error& error) override;
  std::size_t on_chunk_body_impl(std::uint64_t remaining, View body, Error& error) override;
  void on_finish_impl(Error&) override {}
  void refuse(unsigned status, std::string message, Error& error);

  const ParserLimits& limits_;
  const BodyLimit& body_limit_;
  std::size_t body_bytes_ = 0;   // allowed
  std::uint64_t announced_ = 0;  // by Content-Length
  std::size_t hosts_ = 0;
  std::size_t lengths_ = 0;
  bool in_trailers_ = false;
  bool refused_ = false;
  Request request_;
  Refusal refusal_;
};

}  // namespace togglecast::wire::http
