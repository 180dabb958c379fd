// Many WebSocket clients of one server in one thread: each speaks just enough Engine.IO and Socket.IO to join
// the namespace `/`, answer pings, and count what arrives.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

struct Client {
  enum class State : std::uint8_t { connecting, handshake, opening, joining, greeted, joined };
  int descriptor = -1;
  State state = State::connecting;
  std::string partial{};  ///< an unfinished frame, empty between them
};

class Clients {
 public:
  struct Settings {
    std::uint16_t port = 0;
    std::string nsp{};      ///< another namespace than `/`, with its comma: `/client,`
    std::string token{};    ///< sent in the CONNECT packet when not empty
    bool compress = false;  ///< offers permessage-deflate; what arrives is counted, not inflated
    bool contexts = false;  ///< each connection says something else of itself
    bool greeting = false;  ///< a connection has joined when the server's first event has arrived
  };
  explicit Clients(Settings settings);
  ~Clients();
  Clients(const Clients&) = delete;
  Clients& operator=(const Clients&) = delete;

  /// Adds `count` joined connections, at most `at_once` of them on their way at a time.
  void connect(std::size_t count, std::size_t at_once = 200);
  /// Connects, joins and leaves `count` times, `at_once` at a time.
  void churn(std::size_t count, std::size_t at_once);
  void close_all();

  [[nodiscard]] std::size_t size() const noexcept { return clients_.size(); }
  /// Sends a text message as connection `index`.
  void send(std::size_t index, std::string_view text, std::size_t times = 1);
  /// From now on every message frame (not ping) that arrives is counted off `frames`; the first `replies` of
  /// them are each followed by the message `reply` from that connection.
  void expect(std::uint64_t frames, std::string_view reply = {}, std::uint64_t replies = 0);
  /// From now on every message frame that has this text is counted off `frames`; others are ignored.
  void expect_text(std::uint64_t frames, std::string text);
  /// Serves the connections until all expected frames have come.
  void run();
  /// Serves them for so long.
  void run_for(std::int64_t nanoseconds);
  /// Serves them until there is something to read at `descriptor`.
  void run_until_readable(int descriptor);
  /// Bytes received since the start.
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
  /// Pings that were answered since the start.
  [[nodiscard]] std::uint64_t heartbeats() const noexcept { return heartbeats_; }

 private:
  void start_one();
  /// True when the descriptor of `run_until_readable` is ready.
  bool poll(int timeout_ms);
  void on_ready(Client& client, std::uint32_t events);
  void on_bytes(Client& client, std::string_view bytes);
  void on_frame(Client& client, unsigned char first, std::string_view payload, std::string& out);
  std::string auth();
  void write(const Client& client, std::string_view bytes) const;
  void remove(Client& client);

  Settings settings_;
  int poller_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::vector<std::unique_ptr<Client>> gone_;  // until the events at hand have been seen
  std::size_t under_way_ = 0;
  std::size_t joined_ = 0;
  bool leave_when_joined_ = false;
  std::uint64_t expected_ = 0;
  std::uint64_t replies_left_ = 0;
  std::string reply_;  // as a frame
  std::string text_;   // of the frames that count; empty: all
  std::uint64_t bytes_ = 0;
  std::uint64_t heartbeats_ = 0;
  std::uint64_t contexts_ = 0;
  std::vector<char> buffer_;
};

}  // namespace bench
