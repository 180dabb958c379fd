#include "wire/http/response_reader.hpp"

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <string>

namespace togglecast::wire::http {

Result<Response> read_response(std::string_view bytes) {
  namespace beast = boost::beast::http;
  if (bytes.empty()) return fail(Errc::parse_error, "the server closed the connection without an answer");
  if (bytes.size() > kMaxResponse)
    return fail(Errc::payload_too_large,
                "the answer is larger than " + std::to_string(kMaxResponse) + " bytes");
  beast::response_parser<beast::string_body> parser;
  parser.eager(true);
  parser.body_limit(kMaxResponse);
  boost::beast::error_code error;
  while (!bytes.empty() && !parser.is_done() && !error) {
    const std::size_t used = parser.put(boost::asio::buffer(bytes.data(), bytes.size()), error);
    bytes.remove_prefix(used);
    if (error == beast::error::need_more) break;
  }
  if (!parser.is_done() && (!error || error == beast::error::need_more)) {
    error = {};
    parser.put_eof(error);
  }
  if (error || !parser.is_done()) return fail(Errc::parse_error, "the answer is no complete HTTP response");
  Response response;
  response.status = parser.get().result_int();
  for (const auto& field : parser.get()) response.headers.add(field.name_string(), field.value());
  response.body = std::move(parser.get().body());
  return response;
}

}  // namespace togglecast::wire::http
