#include "wire/http/request_reader.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

#include "wire/http/request_target.hpp"
#include "wire/http/text.hpp"

namespace togglecast::wire::http {
namespace {

namespace beast = boost::beast::http;

Method method_of(beast::verb verb) {
  switch (verb) {
    case beast::verb::get:
      return Method::get;
    case beast::verb::head:
      return Method::head;
    case beast::verb::post:
      return Method::post;
    case beast::verb::put:
      return Method::put;
    case beast::verb::patch:
      return Method::patch;
    case beast::verb::delete_:
      return Method::del;
    case beast::verb::options:
      return Method::options;
    default:  // a foreign enum of more than thirty
      return Method::other;
  }
}

}  // namespace

RequestReader::RequestReader(const ParserLimits& limits, const BodyLimit& body_limit)
    : limits_(limits), body_limit_(body_limit) {
  eager(true);
  // Ours differs per request, see on_header_impl.
  this->body_limit(std::numeric_limits<std::uint64_t>::max());
  header_limit(static_cast<std::uint32_t>(limits.header_bytes + 1));
}

void RequestReader::refuse(unsigned status, std::string message, Error& error) {
  refused_ = true;
  refusal_ = {status, std::move(message)};
  error = beast::error::bad_field;
}

void RequestReader::on_request_impl(beast::verb verb, View method, View target, int version, Error& error) {
  request_.method = method_of(verb);
  request_.method_text = method;
  request_.version = static_cast<unsigned>(version);
  if (target.size() > limits_.target_bytes) {
    refuse(414, "request target longer than " + std::to_string(limits_.target_bytes) + " bytes", error);
    return;
  }
  request_.target = target;
}

void RequestReader::on_field_impl(beast::field field, View name, View value, Error& error) {
  if (in_trailers_) return;
  if (field == beast::field::content_length) {
    if (++lengths_ > 1 || value.find(',') != View::npos)
      return refuse(400, "more than one Content-Length", error);
    std::from_chars(value.data(), value.data() + value.size(),
                    announced_);  // Beast let nothing but a number pass
  } else if (field == beast::field::transfer_encoding) {
    if (request_.version < 11) return refuse(400, "Transfer-Encoding in an HTTP/1.0 request", error);
    if (!equal_ignoring_case(value, "chunked"))
      return refuse(501, "Transfer-Encoding other than chunked", error);
  } else if (field == beast::field::host) {
    if (++hosts_ > 1) return refuse(400, "more than one Host", error);
    if (!is_valid_host(value)) return refuse(400, "invalid Host", error);
  }
  if (request_.headers.fields().size() >= limits_.header_fields)
    return refuse(431, "more than " + std::to_string(limits_.header_fields) + " header fields", error);
  request_.headers.add(name, value);
}

void RequestReader::on_header_impl(Error& error) {
  in_trailers_ = true;
  if (hosts_ == 0 && request_.version >= 11) return refuse(400, "no Host header", error);
  const auto parts = split_target(request_.method_text, request_.target);
  if (!parts) return refuse(parts.error().code == Errc::not_found ? 501 : 400, parts.error().message, error);
  if (!parts->authority.empty()) request_.headers.set("Host", parts->authority);
  request_.path = parts->path;
  const auto separators = std::count(parts->query.begin(), parts->query.end(), '&');
  if (static_cast<std::size_t>(separators) >= limits_.query_parameters) {
    return refuse(414, "more than " + std::to_string(limits_.query_parameters) + " query parameters", error);
  }
  request_.query = Query(parts->query);
  request_.keep_alive = request_.version >= 11 && !request_.headers.lists("Connection", "close");
  request_.upgrade = request_.version >= 11 && request_.headers.lists("Upgrade", "websocket") &&
                     request_.headers.lists("Connection", "Upgrade");
  body_bytes_ = body_limit_ ? body_limit_(request_) : limits_.body_bytes;
  if (announced_ > body_bytes_)
    refuse(413, "body longer than " + std::to_string(body_bytes_) + " bytes", error);
}

std::size_t RequestReader::on_body_impl(View body, Error&) {
  request_.body.append(body.data(), body.size());
  return body.size();
}

void RequestReader::on_chunk_header_impl(std::uint64_t size, View, Error& error) {
  if (size > body_bytes_ - request_.body.size())
    refuse(413, "body longer than " + std::to_string(body_bytes_) + " bytes", error);
}

std::size_t RequestReader::on_chunk_body_impl(std::uint64_t, View body, Error&) {
  request_.body.append(body.data(), body.size());
  return body.size();
}

}  // namespace togglecast::wire::http
