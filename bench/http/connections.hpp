// Many HTTP connections to one server in one thread: either each sends the next request when it has its
// answer, or each is an event stream whose notices are counted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

class Connections {
 public:
  explicit Connections(std::uint16_t port);
  ~Connections();
  Connections(const Connections&) = delete;
  Connections& operator=(const Connections&) = delete;

  [[nodiscard]] std::size_t size() const noexcept { return connections_.size(); }
  /// Until there are so many.
  void open(std::size_t count);
  /// Sends `request` `count` times over all of them, each with one under way, and waits for the answers. Each
  /// must have this status.
  void ask(std::string_view request, std::size_t count, unsigned status);
  /// Opens `count` more, each with this request, until each has a notice.
  void listen(std::string_view request, std::size_t count);
  /// Waits for so many notices.
  void receive(std::size_t count);
  void run_for(std::int64_t nanoseconds);
  /// Serves them until there is something to read at `descriptor`.
  void run_until_readable(int descriptor);

 private:
  struct Connection {
    int descriptor = -1;
    std::string unread{};  ///< a part of an answer; of a stream, the end of what came
  };

  Connection& add();
  /// True when the descriptor of `run_until_readable` is ready.
  bool poll(int timeout_ms);
  void on_ready(Connection& connection);
  void on_answer(Connection& connection, std::string_view bytes);
  void on_events(Connection& connection, std::string_view bytes);
  static void write(const Connection& connection, std::string_view bytes);

  std::uint16_t port_;
  int poller_;
  std::vector<std::unique_ptr<Connection>> connections_;
  bool streams_ = false;
  [[nodiscard]] std::string_view next_request();

  std::string request_;
  std::size_t number_at_ = std::string::npos, numbered_ = 0;
  std::size_t unsent_ = 0;
  std::size_t answers_due_ = 0;
  unsigned status_ = 200;
  std::uint64_t notices_ = 0;  // since the start
  std::vector<char> buffer_;
};

}  // namespace bench
