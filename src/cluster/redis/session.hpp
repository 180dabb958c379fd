// One connection to one server, from the look-up of its name to its end: it logs in, sends commands in order
// and gives each its reply, asks an idle server if it is alive, and gives up one that does not answer.
//
// Thread rule: the loop's thread. After `close` no handler runs but those of the commands without a reply.
#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "cluster/redis/client.hpp"
#include "cluster/redis/options.hpp"
#include "cluster/redis/socket.hpp"

namespace togglecast::cluster::redis {

struct Login {
  std::string username{};
  Secret password{};
  std::string name{};
  std::uint32_t database = 0;
  bool primary =
      false;  ///< the server must say that it is a primary, now and when it is asked if it is alive
};

class Session : public std::enable_shared_from_this<Session> {
 public:
  struct Handlers {
    std::function<void()> ready;  ///< logged in
    /// The end, with a sentence for the operator. Commands without a reply have got theirs.
    std::function<void(const std::string& problem)> lost;
    std::function<void(Reply& reply)> message;  ///< published on a channel
  };

  [[nodiscard]] static std::shared_ptr<Session> open(boost::asio::io_context& loop, Endpoint endpoint,
                                                     const ClientOptions& options,
                                                     std::shared_ptr<TlsClientContext> tls, Login login,
                                                     Handlers handlers);
  Session(boost::asio::io_context& loop, Endpoint endpoint, const ClientOptions& options,
          std::shared_ptr<TlsClientContext> tls, Login login, Handlers handlers);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session();

  /// `bytes` is one encoded command. `blocks` is the time for which the server may wait before it answers;
  /// nothing: for ever.
  void command(std::string_view bytes, Client::Done done,
               std::optional<Milliseconds> blocks = Milliseconds{0});
  /// Ends it. Commands without a reply get `unavailable` with this problem; `lost` is not called.
  void close(const std::string& problem);
  [[nodiscard]] const Endpoint& endpoint() const noexcept { return endpoint_; }

 private:
  struct Awaited {
    Client::Done done;
    TimePoint deadline;
  };

  void start();
  void look_up_host();
  void connect(std::vector<boost::asio::generic::stream_protocol::endpoint> endpoints, std::size_t index);
  void connected();
  void log_in();
  void login_step(std::vector<std::string> words, std::function<bool(const Result<Reply>&)> accepts);
  void login_done();
  [[nodiscard]] bool accept_role(const Result<Reply>& reply);
  void read();
  void take(Reply& reply);
  void write();
  void tick();
  void ask_if_alive();
  void fail(std::string problem);
  void end(const std::string& problem);
  [[nodiscard]] std::string at() const { return "Redis at " + to_string(endpoint_); }

  boost::asio::io_context& loop_;
  Endpoint endpoint_;
  const ClientOptions options_;
  std::shared_ptr<TlsClientContext> tls_;
  Login login_;
  Handlers handlers_;
  std::unique_ptr<Socket> socket_;
  /// Of a look-up of a name, which may end when nobody waits for it any more.
  struct Found {
    std::mutex mutex;
    boost::asio::io_context* loop = nullptr;  // null: it comes too late
  };
  std::shared_ptr<Found> found_ = std::make_shared<Found>();
  boost::asio::steady_timer timer_;
  TimePoint opened_;      // when it was begun
  TimePoint last_reply_;  // or when it became ready
  ReplyReader reader_;
  std::array<char, 16 * 1024> input_{};
  std::string output_;   // waits
  std::string writing_;  // under way
  std::deque<Awaited> awaited_;
  std::size_t login_steps_ = 0;  // without a reply
  bool ready_ = false;
  bool closed_ = false;
};

}  // namespace togglecast::cluster::redis
