#include "app/quickstart/api_caller.hpp"

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <iterator>

#include "wire/http/response_reader.hpp"

namespace togglecast::app {
namespace {

constexpr std::chrono::seconds kCallTimeout{30};

constexpr std::array kErrorCodes{Errc::invalid_argument, Errc::parse_error,    Errc::payload_too_large,
                                 Errc::not_found,        Errc::already_exists, Errc::conflict,
                                 Errc::unauthenticated,  Errc::token_invalid,  Errc::token_expired,
                                 Errc::revoked,          Errc::forbidden,      Errc::rate_limited,
                                 Errc::unavailable,      Errc::timeout,        Errc::internal};

Errc code_in(const json::value& problem) {
  for (const Errc code : kErrorCodes)
    if (to_string(code) == json::string_or_empty(problem, "code")) return code;
  return Errc::internal;
}

Result<void> connect(boost::asio::ip::tcp::iostream& stream, const std::string& host, std::uint16_t port) {
  stream.expires_after(kCallTimeout);
  stream.connect(host, std::to_string(port));
  if (stream) return {};
  return fail(Errc::unavailable, "no server answers at http://" + host + ':' + std::to_string(port) + " (" +
                                     stream.error().message() +
                                     "); start one with ./start, or name its port with --port");
}

}  // namespace

Result<void> ApiCaller::reach() const {
  boost::asio::ip::tcp::iostream stream;
  return connect(stream, host_, port_);
}

Result<ApiCaller::Reply> ApiCaller::send(std::string_view method, std::string_view path,
                                         const json::value& body, const Secret& token) const {
  const std::string where = host_ + ':' + std::to_string(port_);
  const std::string content = body.is_null() ? std::string() : json::serialize(body);
  std::string request = std::string(method) + " /api/v1/" + std::string(path) +
                        " HTTP/1.1\r\nHost: " + where +
                        "\r\nConnection: close\r\nAccept: application/json\r\n";
  if (!token.empty()) request += "Authorization: Bearer " + token.reveal() + "\r\n";
  if (!content.empty()) request += "Content-Type: application/json\r\n";
  request += "Content-Length: " + std::to_string(content.size()) + "\r\n\r\n" + content;
  const Secret bytes(std::move(request));

  boost::asio::ip::tcp::iostream stream;
  if (auto reached = connect(stream, host_, port_); !reached) return tl::unexpected(reached.error());
  stream << bytes.reveal() << std::flush;
  const std::string answer{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  auto response = wire::http::read_response(answer);
  if (!response)
    return fail(Errc::unavailable,
                "http://" + where + " did not answer as Togglecast does: " + response.error().message);
  Reply reply{response->status, nullptr};
  if (!response->body.empty()) {
    auto parsed = json::parse(response->body);
    reply.body = parsed ? *std::move(parsed) : json::value(response->body);
  }
  return reply;
}

Result<json::value> ApiCaller::call(std::string_view method, std::string_view path, const json::value& body) {
  auto reply = send(method, path, body, token_);
  if (!reply) return tl::unexpected(reply.error());
  if (reply->status >= 200 && reply->status < 300) return std::move(reply->body);
  const std::string sentence(json::string_or_empty(reply->body, "detail"));
  return fail(code_in(reply->body), sentence.empty() ? std::string(method) + " /api/v1/" + std::string(path) +
                                                           " answered " + std::to_string(reply->status)
                                                     : sentence);
}

// Routes for admins tell a client's valid token (403) from one that is not valid (401).
Result<bool> ApiCaller::is_client_token(const Secret& token) {
  const auto reply = send("GET", "platforms?limit=1", nullptr, token);
  if (!reply) return tl::unexpected(reply.error());
  constexpr unsigned kForbidden = 403;
  return reply->status == kForbidden;
}

}  // namespace togglecast::app
