#include "client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "process.hpp"

namespace bench {
namespace {

[[noreturn]] void give_up(const char* what) {
  std::fprintf(stderr, "load: %s: %s\n", what, std::strerror(errno));
  std::exit(2);
}

// A masked text frame; the mask is zero, which is as good as any for a server.
std::string masked(std::string_view text) {
  std::string frame;
  frame += static_cast<char>(0x81);
  if (text.size() < 126) {
    frame += static_cast<char>(0x80U | text.size());
  } else {
    frame += static_cast<char>(0x80U | 126U);
    frame += static_cast<char>(text.size() >> 8U);
    frame += static_cast<char>(text.size() & 0xffU);
  }
  frame.append(4, '\0');
  frame.append(text);
  return frame;
}

}  // namespace

Clients::Clients(Settings settings)
    : settings_(std::move(settings)), poller_(::epoll_create1(0)), buffer_(256 * 1024) {}

Clients::~Clients() {
  close_all();
  ::close(poller_);
}

void Clients::start_one() {
  auto client = std::make_unique<Client>();
  client->descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (client->descriptor < 0) give_up("socket");
  const int on = 1;
  ::setsockopt(client->descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(settings_.port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(client->descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 &&
      errno != EINPROGRESS)
    give_up("connect");
  epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLET, .data = {.ptr = client.get()}};
  if (::epoll_ctl(poller_, EPOLL_CTL_ADD, client->descriptor, &event) != 0) give_up("epoll_ctl");
  clients_.push_back(std::move(client));
  ++under_way_;
}

void Clients::connect(std::size_t count, std::size_t at_once) {
  const std::size_t goal = joined_ + count;
  while (joined_ < goal) {
    while (under_way_ < at_once && joined_ + under_way_ < goal) start_one();
    poll(1'000);
  }
}

void Clients::churn(std::size_t count, std::size_t at_once) {
  leave_when_joined_ = true;
  const std::size_t goal = joined_ + count;
  while (joined_ < goal) {
    while (under_way_ < at_once && joined_ + under_way_ < goal) start_one();
    poll(1'000);
  }
  leave_when_joined_ = false;
}

void Clients::close_all() {
  for (const auto& client : clients_) ::close(client->descriptor);
  clients_.clear();
}

void Clients::remove(Client& client) {
  ::close(client.descriptor);
  client.descriptor = -1;
  const auto found = std::find_if(clients_.begin(), clients_.end(),
                                  [&client](const auto& entry) { return entry.get() == &client; });
  std::swap(*found, clients_.back());
  gone_.push_back(std::move(clients_.back()));
  clients_.pop_back();
}

void Clients::write(const Client& client, std::string_view bytes) const {
  if (::send(client.descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(bytes.size()))
    give_up("send");
}

void Clients::send(std::size_t index, std::string_view text, std::size_t times) {
  const std::string frame = masked(text);
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += frame;
  write(*clients_[index], all);
}

void Clients::expect(std::uint64_t frames, std::string_view reply, std::uint64_t replies) {
  expected_ = frames;
  reply_ = masked(reply);
  replies_left_ = replies;
  text_.clear();
}

void Clients::expect_text(std::uint64_t frames, std::string text) {
  expect(frames);
  text_ = std::move(text);
}

void Clients::run() {
  while (expected_ > 0) poll(30'000);
}

void Clients::run_for(std::int64_t nanoseconds) {
  const std::int64_t end = now_ns() + nanoseconds;
  for (std::int64_t left = nanoseconds; left > 0; left = end - now_ns())
    poll(static_cast<int>(left / 1'000'000) + 1);
}

void Clients::run_until_readable(int descriptor) {
  epoll_event event{.events = EPOLLIN, .data = {.ptr = nullptr}};
  if (::epoll_ctl(poller_, EPOLL_CTL_ADD, descriptor, &event) != 0) give_up("epoll_ctl");
  while (!poll(-1)) {
  }
  ::epoll_ctl(poller_, EPOLL_CTL_DEL, descriptor, nullptr);
}

bool Clients::poll(int timeout_ms) {
  bool command = false;
  std::array<epoll_event, 512> events{};
  const int ready = ::epoll_wait(poller_, events.data(), static_cast<int>(events.size()), timeout_ms);
  if (ready < 0 && errno != EINTR) give_up("epoll_wait");
  if (ready == 0 && timeout_ms >= 30'000) {
    std::fprintf(stderr, "load: %llu frames have not come\n", static_cast<unsigned long long>(expected_));
    std::exit(2);
  }
  for (int i = 0; i < ready; ++i) {
    auto& event = events[static_cast<std::size_t>(i)];
    if (event.data.ptr == nullptr) {
      command = true;
      continue;
    }
    auto& client = *static_cast<Client*>(event.data.ptr);
    if (client.descriptor >= 0) on_ready(client, event.events);
  }
  gone_.clear();
  return command;
}

void Clients::on_ready(Client& client, std::uint32_t events) {
  if (client.state == Client::State::connecting) {
    if ((events & (EPOLLERR | EPOLLHUP)) != 0) give_up("connect");
    if ((events & EPOLLOUT) == 0) return;
    client.state = Client::State::handshake;
    write(client, std::string("GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: localhost\r\n"
                              "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n") +
                      (settings_.compress ? "Sec-WebSocket-Extensions: permessage-deflate; "
                                            "client_max_window_bits\r\n"
                                          : "") +
                      "\r\n");
  }
  if ((events & EPOLLIN) == 0) return;
  while (client.descriptor >= 0) {
    const ssize_t got = ::recv(client.descriptor, buffer_.data(), buffer_.size(), 0);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
    if (got <= 0) give_up("the server closed a connection");
    bytes_ += static_cast<std::uint64_t>(got);
    on_bytes(client, {buffer_.data(), static_cast<std::size_t>(got)});
    if (static_cast<std::size_t>(got) < buffer_.size()) return;
  }
}

void Clients::on_bytes(Client& client, std::string_view bytes) {
  std::string joined;
  if (!client.partial.empty()) {
    joined = std::exchange(client.partial, {});
    joined += bytes;
    bytes = joined;
  }
  if (client.state == Client::State::handshake) {
    const auto end = bytes.find("\r\n\r\n");
    if (end == std::string_view::npos) {
      client.partial = bytes;
      return;
    }
    if (bytes.substr(0, 12) != "HTTP/1.1 101") give_up("the handshake was refused");
    client.state = Client::State::opening;
    bytes.remove_prefix(end + 4);
  }
  std::string out;
  while (bytes.size() >= 2 && client.descriptor >= 0) {
    std::size_t length = static_cast<unsigned char>(bytes[1]) & 0x7fU;
    std::size_t header = 2;
    if (length >= 126) {
      header = length == 126 ? 4 : 10;
      if (bytes.size() < header) break;
      length = 0;
      for (std::size_t i = 2; i < header; ++i) length = length << 8U | static_cast<unsigned char>(bytes[i]);
    }
    if (bytes.size() < header + length) break;
    on_frame(client, static_cast<unsigned char>(bytes[0]), bytes.substr(header, length), out);
    bytes.remove_prefix(header + length);
  }
  if (client.descriptor < 0) return;
  client.partial = bytes;
  if (!out.empty()) write(client, out);
}

std::string Clients::auth() {
  if (settings_.token.empty()) return {};
  std::string text = R"({"token":")" + settings_.token + '"';
  if (settings_.contexts) {
    const std::string number = std::to_string(++contexts_);
    text += R"(,"context":{"targetingKey":"user-)" + number + R"(","region":"r)" +
            std::to_string(contexts_ % 50) + R"("})";
  }
  return text + '}';
}

void Clients::on_frame(Client& client, unsigned char first, std::string_view payload, std::string& out) {
  if ((first & 0x8fU) == 0x88U) give_up("the server sent a close frame");
  const bool compressed = (first & 0x40U) != 0;
  if (!compressed && payload == "2") {
    out += masked("3");
    ++heartbeats_;
    return;
  }
  switch (client.state) {
    case Client::State::opening:
      client.state = Client::State::joining;
      out += masked("40" + settings_.nsp + auth());
      return;
    case Client::State::joining:
      if (payload.substr(0, 2) != "40") give_up("CONNECT was refused");
      if (settings_.greeting) {
        client.state = Client::State::greeted;
        return;
      }
      [[fallthrough]];
    case Client::State::greeted:
      client.state = Client::State::joined;
      --under_way_;
      ++joined_;
      if (leave_when_joined_) remove(client);
      return;
    default:
      break;
  }
  if (expected_ == 0) {
    if (settings_.nsp.empty()) give_up("more frames than expected");
    return;  // what the product says at the beginning
  }
  if (!text_.empty() && payload.find(text_) == std::string_view::npos) return;
  --expected_;
  if (replies_left_ > 0) {
    --replies_left_;
    out += reply_;
  }
}

}  // namespace bench
