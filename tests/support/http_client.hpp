// A blocking HTTP/1.1 client for tests: requests as text, responses as values.
#pragma once

#include <gtest/gtest.h>

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "support/tcp_client.hpp"

namespace togglecast::test {

struct HttpResponse {
  int status = 0;    ///< 0: nothing came
  std::string head;  ///< status line and headers
  std::string body;

  /// Value of a header given in its usual spelling; empty when absent.
  [[nodiscard]] std::string header(std::string_view name) const {
    const std::size_t found = head.find("\r\n" + std::string(name) + ": ");
    if (found == std::string::npos) return {};
    const std::size_t begin = found + 2 + name.size() + 2;
    return head.substr(begin, head.find("\r\n", begin) - begin);
  }
};

class HttpClient {
 public:
  explicit HttpClient(std::uint16_t port, int receive_buffer = 0) : tcp_(port, receive_buffer) {}

  [[nodiscard]] TcpClient& tcp() noexcept { return tcp_; }

  static std::string request(std::string_view method, std::string_view target, std::string_view body = {},
                             std::string_view headers = {}) {
    std::string text = std::string(method) + " " + std::string(target) + " HTTP/1.1\r\nHost: localhost\r\n";
    text += headers;
    if (!body.empty() || method == "POST") text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    return text + "\r\n" + std::string(body);
  }

  /// The next response; `body` false for answers to HEAD.
  HttpResponse receive(bool body = true) {
    HttpResponse response;
    response.head = tcp_.receive_until("\r\n\r\n");
    if (response.head.size() < 12) return response;
    std::from_chars(response.head.data() + 9, response.head.data() + 12, response.status);
    const std::string length = response.header("Content-Length");
    std::size_t size = 0;
    std::from_chars(length.data(), length.data() + length.size(), size);
    if (body && response.status >= 200) response.body = tcp_.receive(size);
    return response;
  }

  HttpResponse get(std::string_view target, std::string_view headers = {}) {
    tcp_.send(request("GET", target, {}, headers));
    return receive();
  }
  HttpResponse post(std::string_view target, std::string_view body, std::string_view headers = {}) {
    tcp_.send(request("POST", target, body, headers));
    return receive();
  }

 private:
  TcpClient tcp_;
};

}  // namespace togglecast::test
