// A stream on one end of a local socket pair, its other end in the test's hands, and a shard that runs in the
// test's own thread: `shard.run_ready()`.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/stream.hpp"

namespace togglecast::test {

/// The other end of a stream. Never blocks.
class LocalPeer {
 public:
  explicit LocalPeer(int descriptor) noexcept : descriptor_(descriptor) {}
  LocalPeer(LocalPeer&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  LocalPeer& operator=(LocalPeer&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~LocalPeer() { close(); }

  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }
  void send(std::string_view bytes) const {
    ASSERT_EQ(::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT),
              static_cast<ssize_t>(bytes.size()));
  }
  /// Everything that has arrived.
  [[nodiscard]] std::string receive() const {
    std::string all;
    char chunk[65536];
    ssize_t count = 0;
    while ((count = ::recv(descriptor_, chunk, sizeof chunk, MSG_DONTWAIT)) > 0)
      all.append(chunk, static_cast<std::size_t>(count));
    return all;
  }
  /// Whether the stream's end has closed. Drops what arrived before.
  [[nodiscard]] bool ended() const {
    (void)receive();
    char byte = 0;
    const ssize_t count = ::recv(descriptor_, &byte, 1, MSG_DONTWAIT);
    return count == 0 || (count < 0 && errno != EAGAIN && errno != EWOULDBLOCK);
  }
  void close() noexcept {
    if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
  }

 private:
  int descriptor_;
};

/// Two connected descriptors that do not block.
inline std::array<int, 2> local_pair() {
  std::array<int, 2> pair{-1, -1};
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair.data()), 0);
  return pair;
}

/// A stream with its handler, which remembers what it hears.
class LocalStream final : public net::StreamHandler {
 public:
  explicit LocalStream(net::Shard& shard) : LocalStream(shard, local_pair()) {}
  ~LocalStream() {
    stream->handle_with(nullptr);
    stream->abort();
  }
  LocalStream(const LocalStream&) = delete;
  LocalStream& operator=(const LocalStream&) = delete;

  void on_data(char* data, std::size_t size) override {
    received.append(data, size);
    if (react) react();
  }
  void on_end(net::StreamEnd reason) override { ends.push_back(reason); }
  void on_drained() override { ++drained; }
  /// Sends more than the kernel takes, so that a backlog is left.
  void block() const {
    stream->send(std::string(4 * 1024 * 1024, 'x'));
    stream->flush();
    ASSERT_GT(stream->backlog_bytes(), 0U);
  }
  [[nodiscard]] int descriptor() const { return stream->shard().outlets()[stream->outlet()].descriptor; }

  LocalPeer peer;
  net::StreamPtr stream;
  std::string received;
  std::vector<net::StreamEnd> ends;
  int drained = 0;
  std::function<void()> react;  ///< called when bytes arrive

 private:
  LocalStream(net::Shard& shard, std::array<int, 2> pair)
      : peer(pair[1]), stream(net::Stream::adopt(shard, net::DetachedStream(pair[0]))) {
    stream->handle_with(this);
    stream->start_reading();
  }
};

}  // namespace togglecast::test
