// The floor of a notice to many listeners: an epoll loop that answers each GET with the head of an event
// stream and a first event, and on a POST sends one prepared event to every listener with a bare `send()`.
// Not a server, a measure.
//
//   bench-notice-floor --bytes 93      prints `listening on <port>`

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace {

void send_all(int descriptor, std::string_view bytes) {
  if (::send(descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(bytes.size()))
    std::exit(3);  // the load generator keeps up, or the figures mean nothing
}

}  // namespace

int main(int count, char** values) {
  const std::size_t bytes =
      count > 2 && std::strcmp(values[1], "--bytes") == 0 ? std::strtoul(values[2], nullptr, 10) : 93;
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  const std::string notice = "data: \"refetchEvaluation" + std::string(bytes - 27, 'x') + "\"\n\n";

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

  std::vector<int> listeners;
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
        std::erase(listeners, descriptor);
        ::close(descriptor);
      } else if (std::string_view(buffer.data(), static_cast<std::size_t>(got)).starts_with("GET ")) {
        listeners.push_back(descriptor);
        send_all(descriptor, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + notice);
      } else {
        for (const int other : listeners) send_all(other, notice);
        send_all(descriptor, "HTTP/1.1 204 No Content\r\n\r\n");
      }
    }
  }
}
