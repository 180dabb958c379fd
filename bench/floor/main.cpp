// The floor: what the kernel alone costs. An epoll loop that answers the same handshake as the servers, and
// then either sends one prepared frame to every connection with a bare `send()` (on `42["go",n]`), or sends
// each message back. No queues, no time-outs, no checks: not a server, a measure.
//
// An HTTP request gets `--body` stored bytes.
//
//   bench-floor [--bytes 200] [--body 0]      prints `listening on <port>`

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "wire/websocket/frame.hpp"
#include "wire/websocket/handshake.hpp"

namespace ws = togglecast::wire::websocket;

namespace {

std::vector<char> upgraded;    // by descriptor: 1 once the handshake is done
std::vector<int> connections;  // upgraded, without the one that asks for broadcasts
std::string news;              // one prepared frame
std::string stored;            // one prepared response

std::string frame(std::string_view text) { return std::string(ws::encode(ws::Opcode::text, text).view()); }

void send_all(int descriptor, std::string_view bytes) {
  if (::send(descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(bytes.size()))
    std::exit(3);  // the load generator keeps up, or the figures mean nothing
}

void send_stored(int descriptor) {
  for (std::string_view left = stored; !left.empty();) {
    const ssize_t sent = ::send(descriptor, left.data(), left.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      left.remove_prefix(static_cast<std::size_t>(sent));
      continue;
    }
    if (sent == 0 || errno != EAGAIN) return;
    pollfd writable{.fd = descriptor, .events = POLLOUT, .revents = 0};
    ::poll(&writable, 1, -1);
  }
}

void answer_handshake(int descriptor, std::string_view request) {
  constexpr std::string_view kName = "Sec-WebSocket-Key: ";
  const auto key_at = request.find(kName) + kName.size();
  const std::string key(request.substr(key_at, request.find("\r\n", key_at) - key_at));
  send_all(descriptor,
           "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           "Sec-WebSocket-Accept: " +
               ws::accept_key(key) + "\r\n\r\n" +
               frame(R"(0{"sid":"s","upgrades":[],"pingInterval":25000,"pingTimeout":20000})"));
  upgraded[static_cast<std::size_t>(descriptor)] = 1;
}

void on_message(int descriptor, std::string_view text, std::string& out) {
  if (text.substr(0, 2) == "40") {
    connections.push_back(descriptor);
    out += frame(R"(40{"sid":"s"})");
  } else if (text.substr(0, 7) == R"(42["go")") {
    const long times = std::strtol(text.data() + 8, nullptr, 10);
    for (long i = 0; i < times; ++i) {
      for (const int other : connections) send_all(other, news);
    }
  } else if (text.substr(0, 1) == "4") {
    std::array<char, 14> header{};
    out.append(header.data(), ws::write_header(header.data(), ws::Opcode::text, text.size()));
    out.append(text);
  }
}

// Small masked frames, whole ones only: what the load generator sends.
void on_frames(int descriptor, char* data, std::size_t size) {
  std::string out;
  while (size >= 6) {
    std::size_t length = static_cast<unsigned char>(data[1]) & 0x7fU;
    std::size_t header = 6;
    if (length == 126) {
      length = static_cast<std::size_t>(static_cast<unsigned char>(data[2])) << 8U |
               static_cast<unsigned char>(data[3]);
      header = 8;
    }
    if (size < header + length) std::exit(4);
    const char* mask = data + header - 4;
    char* payload = data + header;
    for (std::size_t i = 0; i < length; ++i) payload[i] = static_cast<char>(payload[i] ^ mask[i % 4]);
    if ((static_cast<unsigned char>(data[0]) & 0xfU) == 1) on_message(descriptor, {payload, length}, out);
    data += header + length;
    size -= header + length;
  }
  if (!out.empty()) send_all(descriptor, out);
}

void drop(int descriptor) {
  std::erase(connections, descriptor);
  upgraded[static_cast<std::size_t>(descriptor)] = 0;
  ::close(descriptor);
}

}  // namespace

int main(int count, char** values) {
  std::map<std::string, std::size_t> options{{"--bytes", 200}, {"--body", 0}};
  for (int i = 1; i + 1 < count; i += 2) options[values[i]] = std::strtoul(values[i + 1], nullptr, 10);
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  upgraded.resize(files.rlim_max + 1);
  news = frame(R"(42["news",")" + std::string(options["--bytes"] - 13, 'x') + R"("])");
  stored = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " +
           std::to_string(options["--body"]) + "\r\n\r\n" + std::string(options["--body"], 'x');

  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  if (::bind(listener, reinterpret_cast<sockaddr*>(&address), length) != 0 || ::listen(listener, 4096) != 0) {
    std::perror("listen");
    return 1;
  }
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length);
  const int poller = ::epoll_create1(0);
  epoll_event event{.events = EPOLLIN, .data = {.fd = listener}};
  ::epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event);
  std::printf("listening on %u\n", static_cast<unsigned>(ntohs(address.sin_port)));
  std::fflush(stdout);

  static std::array<char, 64 * 1024> buffer;
  std::array<epoll_event, 256> events{};
  while (true) {
    const int ready = ::epoll_wait(poller, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < ready; ++i) {
      const int descriptor = events[static_cast<std::size_t>(i)].data.fd;
      if (descriptor == listener) {
        int accepted = 0;
        while ((accepted = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK)) >= 0) {
          const int on = 1;
          ::setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
          event = {.events = EPOLLIN | EPOLLET, .data = {.fd = accepted}};
          ::epoll_ctl(poller, EPOLL_CTL_ADD, accepted, &event);
        }
        continue;
      }
      const ssize_t got = ::recv(descriptor, buffer.data(), buffer.size(), 0);
      if (got <= 0) {
        drop(descriptor);
      } else if (upgraded[static_cast<std::size_t>(descriptor)] == 0 &&
                 std::string_view(buffer.data(), 8) == "GET /api") {
        const std::string_view requests(buffer.data(), static_cast<std::size_t>(got));
        for (auto at = requests.find("\r\n\r\n"); at != std::string_view::npos;
             at = requests.find("\r\n\r\n", at + 4))
          send_stored(descriptor);
      } else if (upgraded[static_cast<std::size_t>(descriptor)] == 0) {
        answer_handshake(descriptor, {buffer.data(), static_cast<std::size_t>(got)});
      } else {
        on_frames(descriptor, buffer.data(), static_cast<std::size_t>(got));
      }
    }
  }
}
