#include "web/https.hpp"

#include <string>
#include <utility>

namespace togglecast::web {

net::TlsOptions https(std::filesystem::path certificate, std::filesystem::path key) {
  const std::string body =
      R"({"error":{"code":"parse_error","message":"this port speaks TLS: use https:// or wss://"}})";
  net::TlsOptions options;
  options.certificate = std::move(certificate);
  options.key = std::move(key);
  options.protocols = {"http/1.1"};
  options.plaintext_answer =
      "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: " +
      std::to_string(body.size()) + "\r\n\r\n" + body;
  return options;
}

}  // namespace togglecast::web
