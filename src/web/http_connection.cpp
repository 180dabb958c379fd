#include "web/http_connection.hpp"

#include <charconv>
#include <cstdint>
#include <exception>
#include <string>
#include <utility>

#include "base/jitter.hpp"
#include "web/live_exchange.hpp"
#include "web/own_responses.hpp"
#include "wire/http/origin.hpp"

namespace togglecast::web {
namespace {

using wire::http::Method;
using wire::http::RequestParser;

constexpr std::size_t kNone = std::string_view::npos;
constexpr unsigned kMisdirected = 421;        // RFC 9110, section 15.5.20
constexpr std::size_t kBodyStep = 64 * 1024;  // each has a request time-out of its own
constexpr std::size_t kPiece = 64 * 1024;     // larger bodies leave in pieces of this size …
constexpr std::size_t kPiecesAtOnce = 8;      // … and so many in one turn of the shard
constexpr std::size_t kAnswerCost = 64;       // rough memory of such a body besides its bytes
constexpr Milliseconds kNextTurn{1};
constexpr unsigned kUnavailable = 503;
constexpr const char* kComeBackAfter = "2";  // seconds after a stop

std::string_view code_of(unsigned status) {
  if (status == 408) return "timeout";
  return status == 413 || status == 414 || status == 431 ? "payload_too_large" : "parse_error";
}

// Clients that are refused together come back one after the other: `Retry-After` of every answer passes here.
void spread_return(wire::http::Response& response, Jitter& jitter) {
  if (response.status != 429 && response.status != kUnavailable) return;
  const std::string_view told = response.headers.value("Retry-After");
  std::uint32_t seconds = 0;
  const auto [end, error] = std::from_chars(told.data(), told.data() + told.size(), seconds);
  if (told.empty() || error != std::errc{} || end != told.data() + told.size()) return;
  response.headers.set("Retry-After", std::to_string(jitter.come_back_after(seconds)));
}

bool may_have_body(Method method) {
  return method != Method::get && method != Method::head && method != Method::options;
}

}  // namespace

HttpConnection::HttpConnection(std::shared_ptr<HttpServer::Shared> shared, net::StreamPtr stream,
                               std::string direct_address)
    : shared_(std::move(shared)),
      stream_(std::move(stream)),
      parser_(shared_->options.limits),
      direct_(std::move(direct_address)),
      newcomer_(shared_->refuses_newcomers.load(std::memory_order_relaxed)) {
  ++shared_->counters.open_connections;
  stream_->handle_with(this);
  stream_->limit(&shared_->stream_limits);
  parser_.on_headers([this](const wire::http::Request& request) { return on_headers(request); });
}

HttpConnection::~HttpConnection() {
  --shared_->counters.open_connections;
  if (current_ != nullptr) current_->detach();
  if (!gone_) stream_->abort();
}

void HttpConnection::start() {
  stream_->shard().arm(*this, shared_->options.request_timeout);
  stream_->start_reading();
}

void HttpConnection::on_data(char* data, std::size_t size) {
  input_.append(data, size);
  if (busy()) {
    if (input_.size() > shared_->options.pipelined_bytes) stream_->pause_reading();
    return;
  }
  process();
}

void HttpConnection::process() {
  if (processing_) return;
  processing_ = true;
  while (!gone_ && !busy() && !input_.empty()) {
    held_back_ = stream_->congested();
    if (held_back_) {
      stream_->pause_reading();
      break;
    }
    std::string_view unread = input_;
    const auto state = parser_.feed(unread);
    const std::size_t used = input_.size() - unread.size();
    if (parser_.in_body()) body_read_ += used;
    input_.erase(0, used);
    if (state == RequestParser::State::refused) {
      refuse(parser_.refusal().status, parser_.refusal().message);
      break;
    }
    if (state == RequestParser::State::complete) {
      dispatch();
      continue;
    }
    if (parser_.in_body() && parser_.expects_continue() && !std::exchange(continued_, true)) {
      stream_->send("HTTP/1.1 100 Continue\r\n\r\n");
    }
    break;
  }
  processing_ = false;
  if (gone_) return;
  if (peer_closed_ && !busy() && !held_back_) {  // the rest will never be a request
    abort_body(0);
    close_and_leave();
    return;
  }
  arm_for_state();
}

void HttpConnection::on_drained() {
  if (outgoing_ != nullptr) return send_pieces();
  if (!std::exchange(held_back_, false) || gone_) return;
  if (!peer_closed_) stream_->start_reading();
  process();
}

// The head of a request must come within one time-out, counted from its first byte, and so must each step of
// its body.
void HttpConnection::arm_for_state() {
  const auto& options = shared_->options;
  net::Shard& shard = stream_->shard();
  if (outgoing_ != nullptr) return;  // the timer is its own
  if (current_ != nullptr || held_back_) {
    cancel();  // the stream watches over answers that the client does not take
  } else if (parser_.idle()) {
    shard.arm(*this, options.keep_alive_timeout);
    idle_timer_ = true;
  } else if (idle_timer_ || !armed() || body_read_ >= kBodyStep) {
    shard.arm(*this, options.request_timeout);
    idle_timer_ = false;
    body_read_ = 0;
  }
}

std::size_t HttpConnection::on_headers(const wire::http::Request& request) {
  match_ = shared_->router.match(request.method, request.path);
  if (match_.options == nullptr) return shared_->options.limits.body_bytes;
  if (may_have_body(request.method) && match_.options->on_headers) {
    body_aborted_ = match_.options->on_headers(request, stream_->shard());
  }
  body_read_ = kBodyStep;  // the body's time begins
  return match_.options->body_limit_of ? match_.options->body_limit_of(request) : match_.options->body_limit;
}

void HttpConnection::dispatch() {
  cancel();
  const BodyAborted body_aborted = std::exchange(body_aborted_, nullptr);
  continued_ = false;
  auto request = parser_.take();
  ++shared_->counters.requests;
  tell_of_ignored_header(request.headers);
  Peer peer = resolve_peer(request.headers);
  const RouteMatch match = std::exchange(match_, {});
  const auto exchange = LiveExchange::make(*this, std::move(request), std::move(peer), match);
  if (!serves_host_of(*exchange, match)) {
    if (body_aborted) body_aborted(kMisdirected);
    return;
  }
  if (match.handler == nullptr) {
    answer_not_found(*exchange, match);
    return;
  }
  if (newcomer_ && !match.options->drains) {
    turn_away(*exchange, *match.options);
    if (body_aborted) body_aborted(kUnavailable);
    return;
  }
  try {
    (*match.handler)(exchange);
  } catch (const std::exception& error) {
    handler_failed(*exchange, error.what());
  } catch (...) {
    handler_failed(*exchange, "an exception of unknown type");
  }
}

void HttpConnection::turn_away(LiveExchange& exchange, const RouteOptions& route) const {
  const auto& refuse = route.refuse;
  constexpr std::string_view kWhy = "the server is shutting down; come back";
  auto response = refuse != nullptr ? refuse(exchange.request(), kUnavailable, kWhy)
                                    : error_response(kUnavailable, "unavailable", kWhy);
  response.headers.set("Retry-After", kComeBackAfter);
  response.close = true;
  exchange.respond(std::move(response));
}

bool HttpConnection::serves_host_of(LiveExchange& exchange, const RouteMatch& match) {
  const auto& own = shared_->options.own_hosts;
  if (!own || (match.options != nullptr && match.options->any_host)) return true;
  const auto& request = exchange.request();
  const std::string_view asked = exchange.peer().host_of(request);
  if (asked.empty()) return true;  // HTTP/1.0; a browser always names a host
  const auto host = wire::http::parse_authority(asked);
  if (host && own->include(*host)) return true;
  ++shared_->counters.foreign_hosts;
  const std::string& option = shared_->options.host_option;
  std::string message;
  if (!host) {
    message = "the request names no usable host: " + host.error().message;
  } else {
    const std::string url = to_string(wire::http::origin_of(exchange.peer().secure, *host));
    message = host->host + " is not a name of this server";
    if (!option.empty()) message += "; start it with " + option + ' ' + url + " to serve this name";
  }
  const unsigned status = host ? kMisdirected : 400;
  if (shared_->log_refused) shared_->log_refused(status, message, exchange.peer());
  const bool for_browser = !request.upgrade && request.headers.value("Accept").find("text/html") != kNone;
  if (for_browser) {
    exchange.respond(host_page(status, message));
  } else if (match.options != nullptr && match.options->refuse_host) {
    exchange.respond(match.options->refuse_host(exchange, status, message));
  } else {
    auto response = error_response(status, status == kMisdirected ? "forbidden" : "parse_error", message);
    response.close = request.upgrade;
    exchange.respond(std::move(response));
  }
  return false;
}

void HttpConnection::tell_of_ignored_header(const wire::http::Headers& headers) {
  const auto& options = shared_->options;
  if (!options.on_ignored_header || shared_->told_of_ignored_header.load(std::memory_order_relaxed)) return;
  if (stream_->through_proxy()) return;
  const std::string_view header = options.trusted_proxies.ignored_header(direct_, headers);
  if (header.empty() || shared_->told_of_ignored_header.exchange(true)) return;
  options.on_ignored_header(direct_, header, options.trusted_proxies.trusts(direct_));
}

void HttpConnection::handler_failed(LiveExchange& exchange, std::string_view what) {
  ++shared_->counters.failed_requests;
  if (shared_->log_refused) {
    const auto& request = exchange.request();
    std::string message = "the handler of " + request.method_text + " " + request.path + " failed: ";
    shared_->log_refused(500, message.append(what), exchange.peer());
  }
  exchange.respond(error_response(500, "internal", "the request failed"));
}

void HttpConnection::answer_not_found(LiveExchange& exchange, const RouteMatch& match) const {
  const auto& request = exchange.request();
  if (match.allow.empty()) {
    if (const auto& pages = shared_->options.pages; pages != nullptr) {
      if (auto page = pages(request)) return exchange.respond(*std::move(page));
    }
    const auto& hint = shared_->options.not_found_hint;
    const std::string more = hint ? hint(request) : std::string();
    if (!more.empty() && shared_->log_refused)
      shared_->log_refused(404, "no such path: " + request.path + "; " + more, exchange.peer());
    auto response =
        error_response(404, "not_found", "no such path: " + request.path + (more.empty() ? "" : "; " + more));
    response.close = request.upgrade;
    exchange.respond(std::move(response));
    return;
  }
  auto response =
      error_response(405, "not_found", request.method_text + " is not served here; try " + match.allow);
  response.headers.add("Allow", match.allow);
  exchange.respond(std::move(response));
}

void HttpConnection::refuse(unsigned status, const std::string& message) {
  shared_->counters.count_refused(status);
  if (shared_->log_refused) {
    shared_->log_refused(status, message, resolve_peer({}));
  }
  abort_body(status);
  wire::http::Response response = match_.options != nullptr && match_.options->refuse
                                      ? match_.options->refuse(parser_.partial(), status, message)
                                      : error_response(status, code_of(status), message);
  response.headers.add("Date", date_now());
  spread_return(response, stream_->shard().jitter());
  stream_->send(wire::http::serialize(response, false, false));
  close_and_leave();
}

void HttpConnection::finish(const wire::http::Request& request, wire::http::Response response, bool drains) {
  const bool may_ask_more = !peer_closed_ || !input_.empty();
  const bool keep_alive = request.keep_alive && !response.close && may_ask_more &&
                          (drains || !shared_->draining.load(std::memory_order_relaxed));
  response.headers.add("Date", date_now());
  spread_return(response, stream_->shard().jitter());
  if (keep_alive && !shared_->keep_alive.empty()) {
    response.headers.add("Connection", "keep-alive");
    response.headers.add("Keep-Alive", shared_->keep_alive);
  }
  const bool with_body = request.method != Method::head;
  // A whole block is in memory anyway, and is not copied.
  const bool in_one = with_body && response.shared && response.shared_size == response.shared.size();
  const bool in_pieces = with_body && !in_one && response.content().size() > kPiece;
  stream_->send(wire::http::serialize(response, keep_alive, in_one || in_pieces || !with_body));
  if (in_one) stream_->send(response.shared);
  if (in_pieces) {
    response.headers = {};
    outgoing_ = std::make_unique<Outgoing>(*this, std::move(response), keep_alive);
    send_pieces();
    return;
  }
  if (!keep_alive) {
    close_and_leave();
    return;
  }
  next_request();
}

// The whole body counts until the end: it stays in memory.
HttpConnection::Outgoing::Outgoing(HttpConnection& owner, wire::http::Response answer, bool keep_open)
    : connection(owner), response(std::move(answer)), keep_alive(keep_open) {
  auto& queues = connection.stream_->shard().output_queues();
  if (response.shared) block.emplace(queues, response.shared);
  queues.set(*this, kAnswerCost + response.body.capacity(), block ? block->share() : 0);
}

HttpConnection::Outgoing::~Outgoing() { connection.stream_->shard().output_queues().set(*this, 0); }

void HttpConnection::shed() {
  const auto dropped = std::move(outgoing_);
  cut();
}

void HttpConnection::send_pieces() {
  Outgoing& out = *outgoing_;
  const std::string_view body = out.response.content();
  for (std::size_t i = 0; i < kPiecesAtOnce && out.sent < body.size(); ++i) {
    const std::string_view piece = body.substr(out.sent, kPiece);
    out.sent += piece.size();
    stream_->send(piece);
    stream_->flush();
    if (stream_->closed()) {
      cut();
      return;
    }
    if (stream_->backlog_bytes() == 0) continue;
    stream_->shard().arm(*this, shared_->options.stall_timeout);  // `on_drained` comes before, or never
    return;
  }
  if (out.sent < body.size()) {  // the client takes all at once; others get their turn
    stream_->shard().arm(*this, kNextTurn);
    return;
  }
  cancel();
  const bool may_ask_more = !peer_closed_ || !input_.empty();
  const bool keep_alive =
      out.keep_alive && may_ask_more && !shared_->draining.load(std::memory_order_relaxed);
  outgoing_.reset();
  if (keep_alive) {
    next_request();
  } else {
    close_and_leave();
  }
}

void HttpConnection::next_request() {
  if (processing_) return;  // the loop there goes on
  if (!peer_closed_) stream_->start_reading();
  if (input_.empty()) {
    arm_for_state();
  } else {
    // Not from within the handler that answered: it may hold the answer to another request.
    stream_->shard().at_turn_end([this] {
      if (!gone_) process();
    });
  }
}

void HttpConnection::on_end(net::StreamEnd reason) {
  peer_closed_ = true;
  if (reason == net::StreamEnd::write_stalled) tell_of_stall();
  // The client only said that it has no more to ask.
  if (outgoing_ != nullptr && reason == net::StreamEnd::peer_closed) return;
  if (current_ != nullptr) {
    ++shared_->counters.aborted_requests;
    LiveExchange* exchange = current_;
    const bool half_closed = reason == net::StreamEnd::peer_closed;
    if (exchange->abort() || !half_closed) {
      if (current_ != nullptr) current_->detach();
      stream_->abort();
      leave();
    }
    return;  // else the answer still goes out; the client only said that it has no more to ask
  }
  abort_body(0);
  close_and_leave();
}

void HttpConnection::tell_of_stall() const {
  if (shared_->options.on_stalled) shared_->options.on_stalled();
}

void HttpConnection::on_timer(TimePoint) {
  if (outgoing_ != nullptr) {
    if (stream_->backlog_bytes() == 0) return send_pieces();
    net::ShardCounters::add(stream_->shard().own_counters().stalled_streams, 1);
    tell_of_stall();
    cut();  // the client did not take the piece in time
    return;
  }
  if (parser_.idle() && input_.empty()) {
    if (stream_->backlog_bytes() == 0) return close_and_leave();
    stream_->shard().arm(*this, shared_->options.keep_alive_timeout);  // the client still takes the answer
    return;
  }
  refuse(408, "the request did not come in time");
}

Peer HttpConnection::resolve_peer(const wire::http::Headers& headers) const {
  return shared_->options.trusted_proxies.resolve(direct_, headers, stream_->secure(),
                                                  stream_->through_proxy());
}

void HttpConnection::abort_body(unsigned status) {
  if (const auto aborted = std::exchange(body_aborted_, nullptr)) aborted(status);
}

void HttpConnection::drain() {
  if (!busy() && parser_.idle() && input_.empty()) close_and_leave();
}

void HttpConnection::cut() {
  if (current_ != nullptr) current_->detach();
  stream_->abort();
  leave();
}

void HttpConnection::close_and_leave() {
  stream_->close_gracefully();
  stream_->limit(nullptr);  // it may outlive the server
  leave();
}

void HttpConnection::leave() {
  if (std::exchange(gone_, true)) return;
  cancel();
  auto& mine = shared_->connections[stream_->shard().index()];
  const auto found = mine.find(this);
  if (found == mine.end()) return;
  stream_->shard().retire(std::move(found->second));
  mine.erase(found);
}

}  // namespace togglecast::web
