// One HTTP connection: reads a request, calls its handler, writes the answer, reads the next request.
// Thread rule: the stream's shard. Internal to `web`.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "net/output_queues.hpp"
#include "net/stream.hpp"
#include "net/timer_wheel.hpp"
#include "web/exchange.hpp"
#include "web/http_server_shared.hpp"
#include "web/router.hpp"
#include "wire/http/request_parser.hpp"

namespace togglecast::web {

class LiveExchange;

class HttpConnection final : public net::Retirable, private net::StreamHandler, private net::TimerNode {
 public:
  HttpConnection(std::shared_ptr<HttpServer::Shared> shared, net::StreamPtr stream,
                 std::string direct_address);
  ~HttpConnection() override;

  /// Starts reading.
  void start();
  /// Closes at once if the connection is idle, else after its answer.
  void drain();
  /// Closes at once.
  void cut();

 private:
  friend class LiveExchange;

  void on_data(char* data, std::size_t size) override;
  void on_end(net::StreamEnd reason) override;
  void on_drained() override;
  void on_timer(TimePoint now) override;

  void process();
  std::size_t on_headers(const wire::http::Request& request);
  void dispatch();
  void handler_failed(LiveExchange& exchange, std::string_view what);
  void refuse(unsigned status, const std::string& message);
  void arm_for_state();
  void finish(const wire::http::Request& request, wire::http::Response response, bool drains);
  void answer_not_found(LiveExchange& exchange, const RouteMatch& match) const;
  void send_pieces();
  /// Closes for the budget of all queues.
  void shed();
  void next_request();
  /// A request is being answered, or its answer is being sent.
  [[nodiscard]] bool busy() const noexcept { return current_ != nullptr || outgoing_ != nullptr; }
  [[nodiscard]] Peer resolve_peer(const wire::http::Headers& headers) const;
  // False after it refused a request for a host that is not this server's.
  /// 503: the server is on its way down.
  void turn_away(LiveExchange& exchange, const RouteOptions& route) const;
  [[nodiscard]] bool serves_host_of(LiveExchange& exchange, const RouteMatch& match);
  void tell_of_ignored_header(const wire::http::Headers& headers);
  void tell_of_stall() const;
  void abort_body(unsigned status);
  void close_and_leave();
  /// The connection was closed, upgraded or moved.
  void leave();

  // A large body. It leaves in pieces, each when the client has taken the one before, so that it holds the
  // shard for a moment only.
  struct Outgoing final : net::OutputQueue {
    Outgoing(HttpConnection& owner, wire::http::Response answer, bool keep_open);
    ~Outgoing() override;
    void shed() override { connection.shed(); }
    HttpConnection& connection;
    wire::http::Response response;  // of which only the body is left to send
    std::optional<net::QueuedBlock> block;
    std::size_t sent = 0;
    bool keep_alive;
  };

  std::shared_ptr<HttpServer::Shared> shared_;
  net::StreamPtr stream_;
  wire::http::RequestParser parser_;
  std::string direct_;  // address of the TCP peer
  bool newcomer_;       // it began when the server did not want new ones any more
  std::string input_;   // read, not yet parsed
  LiveExchange* current_ = nullptr;
  std::unique_ptr<Outgoing> outgoing_;
  RouteMatch match_;  // of the request whose headers have been read
  BodyAborted body_aborted_;
  std::size_t body_read_ = 0;
  bool processing_ = false;
  bool peer_closed_ = false;
  bool continued_ = false;   // `100 Continue` has been sent
  bool idle_timer_ = false;  // the timer counts a pause between requests
  bool held_back_ = false;   // no request is handled until the client has taken the answers before it
  bool gone_ = false;
};

}  // namespace togglecast::web
