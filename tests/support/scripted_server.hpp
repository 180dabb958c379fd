// An HTTP server on loopback that answers as a test says, faults included: it can lie, be slow and say
// nothing. Each connection has a thread and carries one request.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "support/certificate.hpp"

namespace togglecast::test {

/// A whole answer. `headers` end with CR LF each.
inline std::string http_answer(std::string_view status, std::string_view body,
                               std::string_view headers = {}) {
  return "HTTP/1.1 " + std::string(status) + "\r\n" + std::string(headers) +
         "Content-Length: " + std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" +
         std::string(body);
}

class ScriptedServer {
 public:
  /// From a request to what is sent, on a thread of the connection. Nothing is sent for an empty answer, and
  /// the connection stays open until the server ends.
  using Script = std::function<std::string(const std::string& request)>;

  explicit ScriptedServer(Script script, const CertificateFiles* tls = nullptr)
      : script_(std::move(script)), tls_(nullptr, &SSL_CTX_free) {
    if (tls != nullptr) {
      tls_.reset(SSL_CTX_new(TLS_server_method()));
      EXPECT_EQ(SSL_CTX_use_certificate_file(tls_.get(), tls->certificate.c_str(), SSL_FILETYPE_PEM), 1);
      EXPECT_EQ(SSL_CTX_use_PrivateKey_file(tls_.get(), tls->key.c_str(), SSL_FILETYPE_PEM), 1);
    }
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(listener_, 64), 0);
    EXPECT_EQ(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept_all(); });
  }
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;
  ~ScriptedServer() {
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
      for (const auto& one : connections_) ::shutdown(one.descriptor, SHUT_RDWR);
    }
    ::shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    ::close(listener_);
    for (auto& one : connections_) {
      one.thread.join();
      ::close(one.descriptor);
    }
  }

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  /// `http://127.0.0.1:…/path`, or `https://localhost:…/path`.
  [[nodiscard]] std::string url(std::string_view path = "/") const {
    return (tls_ == nullptr ? "http://127.0.0.1:" : "https://localhost:") + std::to_string(port_) +
           std::string(path);
  }
  /// The requests that came whole, in order.
  [[nodiscard]] std::vector<std::string> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  void script(Script script) {
    const std::lock_guard lock(mutex_);
    script_ = std::move(script);
  }

 private:
  struct Connection {
    int descriptor;
    std::thread thread{};
  };

  void accept_all() {
    for (;;) {
      const int descriptor = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      const std::lock_guard lock(mutex_);
      if (descriptor < 0) {
        if (ended_) return;
        continue;
      }
      connections_.push_back({descriptor});
      if (ended_) ::shutdown(descriptor, SHUT_RDWR);
      connections_.back().thread = std::thread([this, descriptor] { serve(descriptor); });
    }
  }

  void serve(int descriptor) {
    sigset_t pipes;  // OpenSSL may write to a connection that the client has closed
    sigemptyset(&pipes);
    sigaddset(&pipes, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipes, nullptr);
    const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(tls_ == nullptr ? nullptr : SSL_new(tls_.get()),
                                                        &SSL_free);
    if (ssl != nullptr) {
      SSL_set_fd(ssl.get(), descriptor);
      if (SSL_accept(ssl.get()) != 1) return finish(descriptor);
    }
    const auto read = [&](char* into, int size) {
      return ssl == nullptr ? static_cast<int>(::recv(descriptor, into, static_cast<std::size_t>(size), 0))
                            : SSL_read(ssl.get(), into, size);
    };
    std::string request;
    while (!is_whole(request)) {
      char chunk[4'096];
      const int count = read(chunk, sizeof chunk);
      if (count <= 0) return finish(descriptor);
      request.append(chunk, static_cast<std::size_t>(count));
    }
    Script script;
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(request);
      script = script_;
    }
    std::string answer = script(request);
    if (answer.empty()) {
      char rest = 0;
      while (read(&rest, 1) > 0) {
      }
      return finish(descriptor);
    }
    for (std::string_view left = answer; !left.empty();) {
      const auto count = ssl == nullptr
                             ? static_cast<int>(::send(descriptor, left.data(), left.size(), MSG_NOSIGNAL))
                             : SSL_write(ssl.get(), left.data(), static_cast<int>(left.size()));
      if (count <= 0) return finish(descriptor);
      left.remove_prefix(static_cast<std::size_t>(count));
    }
    if (ssl != nullptr) SSL_shutdown(ssl.get());
    finish(descriptor);
  }

  static void finish(int descriptor) { ::shutdown(descriptor, SHUT_RDWR); }

  static bool is_whole(const std::string& request) {
    const std::size_t end = request.find("\r\n\r\n");
    if (end == std::string::npos) return false;
    const std::size_t at = request.find("Content-Length: ");
    const std::size_t body = at == std::string::npos || at > end ? 0 : std::stoul(request.substr(at + 16));
    return request.size() >= end + 4 + body;
  }

  mutable std::mutex mutex_;
  Script script_;
  std::vector<std::string> requests_;
  std::list<Connection> connections_;
  bool ended_ = false;
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> tls_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::thread acceptor_;
};

}  // namespace togglecast::test
