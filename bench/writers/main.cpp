// Writes changes over REST as fast as the nodes answer, from one thread, with little work for each of them.
//
//   bench-writers --seconds 10 --writers 8 PORT:TOKEN:FEATURES…     one for each node
//
// FEATURES are ids, with commas between them: each writer of a node has one feature, and changes its
// description with each request. Prints the changes that were acknowledged, the seconds they took, and this
// program's own CPU time.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace {

[[noreturn]] void give_up(const std::string& what) {
  std::fprintf(stderr, "bench-writers: %s\n", what.c_str());
  std::exit(2);
}

double seconds_of(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

/// A connection with one request under way.
class Writer {
 public:
  Writer(std::uint16_t port, const std::string& token, const std::string& feature)
      : head_("PATCH /api/v1/features/" + feature + " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " +
              token + "\r\nContent-Type: application/json\r\nContent-Length: "),
        descriptor_(::socket(AF_INET, SOCK_STREAM, 0)) {
    const int on = 1;
    ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
      give_up(std::string("connect: ") + std::strerror(errno));
  }
  ~Writer() { ::close(descriptor_); }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }

  void ask() {
    const std::string body = R"({"description":"change )" + std::to_string(++number_) + R"("})";
    const std::string request = head_ + std::to_string(body.size()) + "\r\n\r\n" + body;
    if (::send(descriptor_, request.data(), request.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(request.size()))
      give_up(std::string("send: ") + std::strerror(errno));
  }

  /// True when the answer has come as a whole.
  bool read() {
    std::array<char, 16'384> bytes{};
    const ssize_t got = ::recv(descriptor_, bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return false;
    if (got <= 0) give_up("a node closed a connection");
    answer_.append(bytes.data(), static_cast<std::size_t>(got));
    const auto end = answer_.find("\r\n\r\n");
    if (end == std::string::npos) return false;
    if (answer_.compare(0, 12, "HTTP/1.1 200") != 0) give_up("a node answered " + answer_);
    constexpr std::string_view kLength = "\r\nContent-Length: ";
    const auto length = answer_.find(kLength);
    if (length >= end) give_up("an answer without Content-Length");
    std::size_t size = 0;
    std::from_chars(answer_.data() + length + kLength.size(), answer_.data() + end, size);
    if (answer_.size() < end + 4 + size) return false;
    answer_.clear();
    return true;
  }

 private:
  std::string head_;
  int descriptor_;
  std::uint64_t number_ = 0;
  std::string answer_;
};

using Writers = std::vector<std::unique_ptr<Writer>>;

/// Changes that were acknowledged; each writer ends with an answer.
std::uint64_t write_for(double seconds, const Writers& writers) {
  const int poller = ::epoll_create1(0);
  for (const auto& writer : writers) {
    epoll_event event{.events = EPOLLIN, .data = {.ptr = writer.get()}};
    if (::epoll_ctl(poller, EPOLL_CTL_ADD, writer->descriptor(), &event) != 0) give_up("epoll_ctl");
    writer->ask();
  }
  const double end = seconds_of(CLOCK_MONOTONIC) + seconds;
  std::uint64_t changes = 0;
  for (std::size_t under_way = writers.size(); under_way > 0;) {
    std::array<epoll_event, 64> events{};
    const int ready = ::epoll_wait(poller, events.data(), static_cast<int>(events.size()), 30'000);
    if (ready == 0) give_up("no answer within 30 seconds");
    for (int i = 0; i < ready; ++i) {
      auto& writer = *static_cast<Writer*>(events[static_cast<std::size_t>(i)].data.ptr);
      if (!writer.read()) continue;
      ++changes;
      if (seconds_of(CLOCK_MONOTONIC) < end)
        writer.ask();
      else
        --under_way;
    }
  }
  ::close(poller);
  return changes;
}

}  // namespace

int main(int count, char** values) {
  double seconds = 10;
  std::size_t at_each = 8;
  Writers writers;
  for (int i = 1; i < count; ++i) {
    const std::string word = values[i];
    if (word == "--seconds" && i + 1 < count) {
      seconds = std::strtod(values[++i], nullptr);
    } else if (word == "--writers" && i + 1 < count) {
      at_each = std::strtoul(values[++i], nullptr, 10);
    } else {
      std::istringstream node(word);
      std::string port, token, feature;
      std::getline(node, port, ':');
      std::getline(node, token, ':');
      for (std::size_t n = 0; n < at_each; ++n) {
        if (!std::getline(node, feature, ',')) give_up("fewer features than writers");
        writers.push_back(
            std::make_unique<Writer>(static_cast<std::uint16_t>(std::stoul(port)), token, feature));
      }
    }
  }
  if (writers.empty()) give_up("no node is named");
  const double began = seconds_of(CLOCK_MONOTONIC);
  const std::uint64_t changes = write_for(seconds, writers);
  std::printf("{\"changes\":%llu,\"seconds\":%.6f,\"cpu_seconds\":%.6f}\n",
              static_cast<unsigned long long>(changes), seconds_of(CLOCK_MONOTONIC) - began,
              seconds_of(CLOCK_PROCESS_CPUTIME_ID));
}
