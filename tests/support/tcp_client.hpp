// A blocking TCP client on loopback whose every wait has a deadline. For one thread.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "support/eventually.hpp"

namespace togglecast::test {

class TcpClient {
 public:
  /// `receive_buffer`: bytes that the kernel takes for us before the server's writes block; 0 leaves its
  /// default.
  explicit TcpClient(std::uint16_t port, int receive_buffer = 0) {
    descriptor_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (receive_buffer > 0)
      ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    const int on = 1;
    ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  TcpClient(TcpClient&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)), buffer_(std::move(other.buffer_)) {}
  TcpClient& operator=(TcpClient&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    std::swap(buffer_, other.buffer_);
    return *this;
  }
  ~TcpClient() { close(); }

  /// False when the server no longer takes it.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t count = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count < 0) {
        if (errno == EINTR) continue;
        return false;
      }
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }

  /// Exactly `size` bytes; fewer when the connection ends or time is over.
  std::string receive(std::size_t size) {
    while (buffer_.size() < size && fill()) {
    }
    return take(size);
  }
  /// At least one byte; none when the connection ends or time is over.
  std::string receive_some() {
    if (buffer_.empty()) fill();
    return take(buffer_.size());
  }
  /// Up to and including `end`; what there is when the connection ends or time is over.
  std::string receive_until(std::string_view end) {
    while (true) {
      if (const std::size_t found = buffer_.find(end); found != std::string::npos)
        return take(found + end.size());
      if (!fill()) return take(buffer_.size());
    }
  }
  std::string receive_to_end() {
    while (fill()) {
    }
    EXPECT_TRUE(ended_) << "the connection is still open";
    return take(buffer_.size());
  }
  /// Whether the server has ended the connection, now or in time; what it sent before is dropped.
  bool closed_by_server() {
    while (fill()) buffer_.clear();
    return ended_;
  }
  /// Whether bytes are there or come within `wait`.
  bool readable(std::chrono::milliseconds wait = {}) {
    if (!buffer_.empty()) return true;
    pollfd ready{descriptor_, POLLIN, 0};
    return ::poll(&ready, 1, static_cast<int>(wait.count())) > 0;
  }

  void finish_sending() { ::shutdown(descriptor_, SHUT_WR); }
  void close() {
    if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
  }
  /// Ends the connection with RST.
  void reset() {
    const linger hard{1, 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    close();
  }

 private:
  bool fill() {
    if (descriptor_ < 0 || ended_) return false;
    pollfd ready{descriptor_, POLLIN, 0};
    const auto wait = std::chrono::duration_cast<std::chrono::milliseconds>(kPatience);
    if (::poll(&ready, 1, static_cast<int>(wait.count())) <= 0) return false;
    char chunk[65536];
    const ssize_t count = ::recv(descriptor_, chunk, sizeof chunk, 0);
    if (count <= 0) {
      ended_ = true;
      return false;
    }
    buffer_.append(chunk, static_cast<std::size_t>(count));
    return true;
  }
  std::string take(std::size_t size) {
    std::string taken = buffer_.substr(0, size);
    buffer_.erase(0, size);
    return taken;
  }

  int descriptor_ = -1;
  bool ended_ = false;
  std::string buffer_;
};

}  // namespace togglecast::test
