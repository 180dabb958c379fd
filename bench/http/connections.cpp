#include "connections.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "../load/process.hpp"

namespace bench {
namespace {

constexpr std::string_view kNotice = "\ndata:";  // of one event
constexpr std::string_view kNumber = "#######";

[[noreturn]] void give_up(const char* what) {
  std::fprintf(stderr, "http-load: %s: %s\n", what, std::strerror(errno));
  std::exit(2);
}

// The value of Content-Length; 0 without one.
std::size_t length_in(std::string_view head) {
  constexpr std::string_view kName = "content-length:";
  const auto equal = [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; };
  const auto found = std::search(head.begin(), head.end(), kName.begin(), kName.end(), equal);
  if (found == head.end()) return 0;
  const auto at = static_cast<std::size_t>(found - head.begin()) + kName.size();
  return std::strtoul(std::string(head.substr(at, 20)).c_str(), nullptr, 10);
}

}  // namespace

Connections::Connections(std::uint16_t port)
    : port_(port), poller_(::epoll_create1(0)), buffer_(256 * 1'024) {}

Connections::~Connections() {
  for (const auto& one : connections_) ::close(one->descriptor);
  ::close(poller_);
}

Connections::Connection& Connections::add() {
  auto connection = std::make_unique<Connection>();
  connection->descriptor = ::socket(AF_INET, SOCK_STREAM, 0);
  if (connection->descriptor < 0) give_up("socket");
  const int on = 1;
  ::setsockopt(connection->descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port_);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(connection->descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    give_up("connect");
  epoll_event event{.events = EPOLLIN, .data = {.ptr = connection.get()}};
  if (::epoll_ctl(poller_, EPOLL_CTL_ADD, connection->descriptor, &event) != 0) give_up("epoll_ctl");
  return *connections_.emplace_back(std::move(connection));
}

void Connections::open(std::size_t count) {
  while (connections_.size() < count) add();
}

void Connections::ask(std::string_view request, std::size_t count, unsigned status) {
  request_ = request;
  number_at_ = request_.find(kNumber);
  status_ = status;
  unsent_ = answers_due_ = count;
  for (const auto& one : connections_) {
    if (unsent_ == 0) break;
    --unsent_;
    write(*one, next_request());
  }
  while (answers_due_ > 0) poll(30'000);
}

std::string_view Connections::next_request() {
  if (number_at_ != std::string::npos) {
    std::size_t rest = numbered_++;
    for (std::size_t i = kNumber.size(); i > 0; --i, rest /= 10)
      request_[number_at_ + i - 1] = static_cast<char>('0' + rest % 10);
  }
  return request_;
}

void Connections::listen(std::string_view request, std::size_t count) {
  constexpr std::size_t kAtOnce = 200;
  streams_ = true;
  for (std::size_t done = 0; done < count;) {
    const std::size_t more = std::min(kAtOnce, count - done);
    const std::uint64_t goal = notices_ + more;
    for (std::size_t i = 0; i < more; ++i) write(add(), request);
    while (notices_ < goal) poll(30'000);
    done += more;
  }
}

void Connections::receive(std::size_t count) {
  const std::uint64_t goal = notices_ + count;
  while (notices_ < goal) poll(30'000);
}

void Connections::run_for(std::int64_t nanoseconds) {
  const std::int64_t end = now_ns() + nanoseconds;
  for (std::int64_t left = nanoseconds; left > 0; left = end - now_ns())
    poll(static_cast<int>(left / 1'000'000) + 1);
}

void Connections::run_until_readable(int descriptor) {
  epoll_event event{.events = EPOLLIN, .data = {.ptr = nullptr}};
  if (::epoll_ctl(poller_, EPOLL_CTL_ADD, descriptor, &event) != 0) give_up("epoll_ctl");
  while (!poll(-1)) {
  }
  ::epoll_ctl(poller_, EPOLL_CTL_DEL, descriptor, nullptr);
}

bool Connections::poll(int timeout_ms) {
  bool command = false;
  std::array<epoll_event, 512> events{};
  const int ready = ::epoll_wait(poller_, events.data(), static_cast<int>(events.size()), timeout_ms);
  if (ready < 0 && errno != EINTR) give_up("epoll_wait");
  if (ready == 0 && timeout_ms >= 30'000) {
    std::fprintf(stderr, "http-load: nothing came for %d ms\n", timeout_ms);
    std::exit(2);
  }
  for (int i = 0; i < ready; ++i) {
    auto* connection = static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr);
    if (connection == nullptr) {
      command = true;
    } else {
      on_ready(*connection);
    }
  }
  return command;
}

void Connections::on_ready(Connection& connection) {
  const ssize_t got = ::recv(connection.descriptor, buffer_.data(), buffer_.size(), 0);
  if (got <= 0) give_up("the server closed a connection");
  const std::string_view bytes(buffer_.data(), static_cast<std::size_t>(got));
  if (streams_) {
    on_events(connection, bytes);
  } else {
    on_answer(connection, bytes);
  }
}

void Connections::on_answer(Connection& connection, std::string_view bytes) {
  if (!connection.unread.empty()) {
    connection.unread += bytes;
    bytes = connection.unread;
  }
  const auto end = bytes.find("\r\n\r\n");
  const std::size_t whole =
      end == std::string_view::npos ? bytes.size() + 1 : end + 4 + length_in(bytes.substr(0, end));
  if (bytes.size() < whole) {
    if (connection.unread.empty()) connection.unread = bytes;
    return;
  }
  if (bytes.size() > whole || bytes.size() < 12 || std::strtoul(bytes.data() + 9, nullptr, 10) != status_) {
    std::fprintf(stderr, "http-load: an answer that was not expected:\n%s\n", std::string(bytes).c_str());
    std::exit(2);
  }
  connection.unread.clear();
  --answers_due_;
  if (unsent_ == 0) return;
  --unsent_;
  write(connection, next_request());
}

void Connections::on_events(Connection& connection, std::string_view bytes) {
  connection.unread += bytes;
  std::size_t at = 0;
  for (std::size_t found = 0; (found = connection.unread.find(kNotice, at)) != std::string::npos;
       at = found + kNotice.size())
    ++notices_;
  // The end of it may be the beginning of another one.
  const std::size_t kept = std::min(connection.unread.size() - at, kNotice.size() - 1);
  std::string(connection.unread, connection.unread.size() - kept).swap(connection.unread);  // and its memory
}

void Connections::write(const Connection& connection, std::string_view bytes) {
  if (::send(connection.descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(bytes.size()))
    give_up("send");
}

}  // namespace bench
