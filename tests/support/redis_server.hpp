// A real redis-server of one test, in a folder of its own: it listens on a free port of the loopback address
// and on a socket in that folder. The port stays the same over restarts. For one thread.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "support/eventually.hpp"
#include "support/temporary_folder.hpp"

namespace togglecast::test {

/// A port that was free a moment ago. It lies below those that the system hands out by itself, so that no
/// connection of another test takes it before a server has it, or between two lives of that server.
inline std::uint16_t free_port() {
  static std::mt19937 random(std::random_device{}());
  for (int attempt = 0; attempt < 1'000; ++attempt) {
    const auto port = static_cast<std::uint16_t>(std::uniform_int_distribution<int>(11'000, 31'999)(random));
    const int probe = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    const bool bound = ::bind(probe, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    ::close(probe);
    if (bound) return port;
  }
  throw std::runtime_error("no free port");
}

class RedisServer {
 public:
  /// Starts it, and waits until it answers. `config` are lines of redis.conf. With `sentinel` it is a
  /// Sentinel.
  explicit RedisServer(std::vector<std::string> config = {}, bool sentinel = false)
      : config_(std::move(config)), sentinel_(sentinel) {
    for (int attempt = 0; attempt < 5; ++attempt) {
      port_ = free_port();
      if (start()) return;
    }
    throw std::runtime_error("redis-server does not start: " + log());
  }
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;
  ~RedisServer() { kill(); }

  /// Whether it answers in time. It keeps nothing from its last life.
  bool start() {
    std::ofstream file(folder_.path() / "redis.conf");
    file << "port " << port_ << "\nbind 127.0.0.1\nsave \"\"\nappendonly no\ndaemonize no\ndir "
         << folder_.path().string() << "\nlogfile " << (folder_.path() / "log").string() << '\n';
    if (!sentinel_) file << "unixsocket " << socket() << '\n';
    for (const std::string& line : config_) file << line << '\n';
    file.close();
    const std::string path = (folder_.path() / "redis.conf").string();
    child_ = ::fork();
    if (child_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (sentinel_) ::execlp("redis-server", "redis-server", path.c_str(), "--sentinel", nullptr);
      ::execlp("redis-server", "redis-server", path.c_str(), nullptr);
      ::_exit(127);
    }
    bool answers = false;
    eventually([&] {
      const std::string answer = ask("PING\r\n");
      answers = alive() && (answer.starts_with('+') || answer.starts_with('-'));  // else somebody else's
      return answers || child_ < 0;
    });
    if (!answers) kill();
    return answers;
  }
  /// SIGKILL: it keeps nothing.
  void kill() {
    if (child_ <= 0) return;
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
    child_ = -1;
  }
  /// It takes connections and bytes, and answers nothing.
  void freeze() const { ::kill(child_, SIGSTOP); }
  void thaw() const { ::kill(child_, SIGCONT); }

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] std::string socket() const { return (folder_.path() / "redis.sock").string(); }
  [[nodiscard]] std::string url() const { return "redis://127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] const std::filesystem::path& folder() const noexcept { return folder_.path(); }
  [[nodiscard]] std::string log() const {
    std::ifstream file(folder_.path() / "log");
    return {std::istreambuf_iterator<char>(file), {}};
  }

  /// The first bytes of the answer to an inline command, such as `+OK`; empty when it does not answer.
  [[nodiscard]] std::string ask(std::string_view command) const {
    const int peer = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port_);
    const timeval patience{.tv_sec = 30, .tv_usec = 0};
    ::setsockopt(peer, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    std::string answer;
    if (::connect(peer, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
        ::send(peer, command.data(), command.size(), MSG_NOSIGNAL) > 0) {
      char bytes[4'096];
      const auto size = ::recv(peer, bytes, sizeof bytes, 0);
      if (size > 0) answer.assign(bytes, static_cast<std::size_t>(size));
    }
    ::close(peer);
    return answer;
  }

  /// Whether in time so many connections listen to `channel`: a client that is connected may still be about
  /// to.
  [[nodiscard]] bool has_listeners(const std::string& channel, int count,
                                   const std::string& question = "PUBSUB NUMSUB") const {
    const std::string wanted = "\r\n:" + std::to_string(count) + "\r\n";
    return eventually(
        [&] { return ask(question + " " + channel + "\r\n").find(wanted) != std::string::npos; });
  }

 private:
  [[nodiscard]] bool alive() {
    if (::waitpid(child_, nullptr, WNOHANG) == 0) return true;
    child_ = -1;
    return false;
  }

  testing::TemporaryFolder folder_;
  std::vector<std::string> config_;
  bool sentinel_;
  std::uint16_t port_ = 0;
  pid_t child_ = -1;
};

/// Watches `primary` under the name `main`, and declares it dead after five seconds.
inline std::vector<std::string> sentinel_config(std::uint16_t primary) {
  return {"sentinel monitor main 127.0.0.1 " + std::to_string(primary) + " 1",
          "sentinel down-after-milliseconds main 5000", "sentinel failover-timeout main 3000"};
}

}  // namespace togglecast::test
