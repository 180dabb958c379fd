#include "engineio/server.hpp"

#include <algorithm>
#include <boost/unordered/unordered_flat_set.hpp>
#include <charconv>
#include <mutex>
#include <optional>
#include <utility>

#include "base/json.hpp"
#include "engineio/departures.hpp"
#include "engineio/packet_trace.hpp"
#include "engineio/polling_transport.hpp"
#include "engineio/upgrade_probe.hpp"
#include "wire/engineio/packet.hpp"

namespace togglecast::engineio {
namespace {

using wire::http::Method;

constexpr unsigned kComeBackAfter = 2;  // seconds after a drain; a restart takes about one
constexpr unsigned kTooLarge = 413;

struct ById {
  using is_transparent = void;
  using is_avalanching = void;
  std::size_t operator()(const SessionId& id) const noexcept { return hash_of(id); }
  std::size_t operator()(const Session* session) const noexcept { return hash_of(session->session_id()); }
  bool operator()(const Session* a, const Session* b) const noexcept { return a == b; }
  bool operator()(const Session* session, const SessionId& id) const noexcept {
    return session->session_id() == id;
  }
  bool operator()(const SessionId& id, const Session* session) const noexcept { return (*this)(session, id); }
  bool operator()(const SessionId& a, const SessionId& b) const noexcept { return a == b; }
};

}  // namespace

struct Server::ShardState {
  ShardState(net::Shard& owner, const Options& options)
      : shard(owner), deflate(options.per_message_deflate, owner) {}
  ShardState(const ShardState&) = delete;
  ShardState& operator=(const ShardState&) = delete;
  ~ShardState() {
    for (const Session* session : sessions) delete session;
  }
  net::Shard& shard;
  web::Deflate deflate;
  boost::unordered_flat_set<Session*, ById, ById> sessions;  // owned
  std::unique_ptr<Departures> departures;                    // while sessions are sent away
  Counters counters;
  std::mutex trusted_lock;  // other shards look up; only for bodies above `untrusted_payload`
  boost::unordered_flat_set<SessionId, ById> trusted;
};

Server::Server(net::ShardPool& shards, Options options, Connect connect)
    : pool_(shards), options_(std::move(options)), cors_(options_.cors), connect_(std::move(connect)) {
  for (std::size_t i = 0; i < shards.size(); ++i)
    shards_.push_back(std::make_unique<ShardState>(shards.at(i), options_));
}

Server::~Server() = default;

void Server::mount(web::Router& router, std::string prefix) {
  web::RouteOptions route;
  route.body_limit = options_.max_payload;
  route.drains = true;  // sessions take their leave one after the other
  if (distrusts())
    route.body_limit_of = [this](const wire::http::Request& request) { return body_limit(request); };
  route.on_headers = [this](const wire::http::Request& request, net::Shard& shard) {
    return on_headers(request, shard);
  };
  route.refuse = [this](const wire::http::Request& request, unsigned status, std::string_view) {
    wire::http::Response response;
    response.status = status;
    if (status == kTooLarge && body_limit(request) < options_.max_payload) {
      response.headers.add("Content-Type", "text/plain; charset=UTF-8");
      response.body = options_.untrusted_payload_message;
    }
    cors_.decorate(request, response.headers);
    return response;
  };
  router.mount(
      std::move(prefix), [this](const web::ExchangePtr& exchange) { handle(exchange); }, std::move(route));
}

Counters& Server::counters(const net::Shard& shard) noexcept { return shards_[shard.index()]->counters; }

void Server::count(const net::Shard& shard, Limit passed) {
  ++counters(shard).limits_passed[static_cast<std::size_t>(passed)];
  if (options_.on_limit_passed) options_.on_limit_passed(to_string(passed));
}

void Server::count_if_limited(const net::Shard& shard, web::WebSocketEnd how, std::uint16_t code,
                              Limit payload) {
  using wire::websocket::CloseCode;
  if (how != web::WebSocketEnd::failed) return;
  if (code == static_cast<std::uint16_t>(CloseCode::too_big)) count(shard, payload);
  if (code == static_cast<std::uint16_t>(CloseCode::policy_violation))
    count(shard, Limit::fragments_per_message);
}

const Counters& Server::counters(std::size_t shard) const noexcept { return shards_[shard]->counters; }

const web::DeflateCounters& Server::deflate_counters(std::size_t shard) const noexcept {
  return shards_[shard]->deflate.counters();
}

web::AgreedDeflate Server::agree_on_deflate(const net::Shard& shard, const wire::http::Request& request) {
  return web::agree(shards_[shard.index()]->deflate, request);
}

void Server::handle(const web::ExchangePtr& exchange) {
  const auto& request = exchange->request();
  if (request.method == Method::options && cors_.enabled()) {
    exchange->respond(cors_.preflight(request));
    return;
  }
  const std::string_view transport = request.query.value("transport");
  const bool wants_websocket = transport == "websocket" && options_.websocket;
  if (!wants_websocket && !(transport == "polling" && options_.polling)) {
    return refuse(*exchange, ErrorCode::unknown_transport, message_of(ErrorCode::unknown_transport));
  }
  const std::string_view origin = request.headers.value("Origin");
  if (!web::is_well_formed_origin(origin)) {
    return refuse(*exchange, ErrorCode::bad_request, message_of(ErrorCode::bad_request));
  }
  if (options_.refuse_foreign_origins && !cors_.allows(request, exchange->peer())) {
    const std::string quoted = web::quoted_origin(origin);
    std::string message = "origin " + quoted + " is not allowed";
    if (!options_.origin_option.empty())
      message += "; start the server with " + options_.origin_option + " " + quoted + " to allow it";
    return refuse(*exchange, ErrorCode::forbidden, message, 403);
  }
  const std::string_view sid = request.query.value("sid");
  if (!sid.empty()) return handle_with_sid(exchange, sid);

  if (request.method != Method::get) {
    return refuse(*exchange, ErrorCode::bad_handshake_method, message_of(ErrorCode::bad_handshake_method));
  }
  if (wants_websocket != request.upgrade) {
    return refuse(*exchange, ErrorCode::bad_request, message_of(ErrorCode::bad_request));
  }
  if (wants_websocket) {
    if (const auto problem = web::upgrade_problem(request))
      return refuse(*exchange, ErrorCode::bad_request, *problem);
  }
  if (draining_.load(std::memory_order_relaxed)) return turn_away(*exchange);
  if (options_.allow_request) {
    if (const auto refusal = options_.allow_request(request, exchange->peer())) {
      return refuse(*exchange, ErrorCode::forbidden, refusal->message, refusal->status,
                    refusal->retry_after_s);
    }
  }
  if (request.query.value("EIO") != "4") {
    return refuse(*exchange, ErrorCode::unsupported_version, message_of(ErrorCode::unsupported_version));
  }
  open_session(exchange);
}

void Server::handle_with_sid(const web::ExchangePtr& exchange, std::string_view sid) {
  const auto& request = exchange->request();
  if (options_.node_tag && is_of_other_node(sid, *options_.node_tag)) {
    if (draining_.load(std::memory_order_relaxed)) return turn_away(*exchange);
    return refuse_other_node(*exchange);
  }
  net::Shard* home = shard_of(sid);
  if (home == nullptr) return refuse(*exchange, ErrorCode::unknown_sid, message_of(ErrorCode::unknown_sid));
  if (home != &exchange->shard()) {
    exchange->move_to(*home, [this](const web::ExchangePtr& moved) { handle(moved); });
    return;
  }
  Session* session = find(*home, sid);
  const bool wants_websocket = request.query.value("transport") == "websocket";
  const bool polls = request.method == Method::get && !wants_websocket && !request.upgrade;
  // Of a session that its client has closed, only the poll that crossed the close packet is still expected.
  if (session == nullptr && draining_.load(std::memory_order_relaxed)) return turn_away(*exchange);
  if (session == nullptr || (session->state_ == Session::State::closing_by_client && !polls))
    return refuse(*exchange, ErrorCode::unknown_sid, message_of(ErrorCode::unknown_sid));

  if (wants_websocket) {
    if (!request.upgrade)
      return refuse(*exchange, ErrorCode::bad_request, message_of(ErrorCode::bad_request));
    if (const auto problem = web::upgrade_problem(request))
      return refuse(*exchange, ErrorCode::bad_request, *problem);
    session->start_upgrade(*exchange);
    return;
  }
  if (request.upgrade || session->transport() != TransportKind::polling) {
    return refuse(*exchange, ErrorCode::bad_request, message_of(ErrorCode::bad_request));
  }
  if (request.method == Method::get) {
    session->polling_->poll(exchange);
  } else if (request.method == Method::post) {
    session->polling_->post(exchange);
  } else {
    wire::http::Response response;
    response.status = 405;
    response.headers.add("Allow", "GET, POST");
    decorate(*exchange, response);
    exchange->respond(std::move(response));
  }
}

void Server::open_session(const web::ExchangePtr& exchange) {
  net::Shard& shard = exchange->shard();
  auto& state = *shards_[shard.index()];
  const auto& request = exchange->request();

  auto handshake = std::make_shared<Handshake>();
  handshake->url = request.target;
  handshake->query = request.query;
  handshake->headers = request.headers;
  handshake->peer = exchange->peer();
  handshake->issued = shard.clock().wall_now();
  handshake->xdomain = request.headers.contains("Origin");

  const SessionId id = make_session_id(options_.node_tag, shard.index(), shard.random());
  auto owned = std::unique_ptr<Session>(new Session(*this, shard, id));
  Session& session = *owned;
  if (options_.hold) session.held_ = options_.hold(exchange->peer());
  if (options_.trace) session.trace_ = options_.trace(*handshake, request.upgrade ? "websocket" : "polling");
  state.sessions.insert(&session);
  (void)owned.release();  // the set owns it now
  ++state.counters.sessions_opened;
  ++state.counters.sessions_open;
  if (request.upgrade) {
    session.begin_websocket(*exchange);
  } else {
    session.begin_polling(*exchange);
  }
  if (session.state_ == Session::State::closed) {  // the client closed the connection meanwhile
    remove(session);
    return;
  }
  try {
    session.opened(connect_(session, std::move(handshake)));
  } catch (...) {  // a session needs a handler
    session.end(CloseReason::transport_error);
    throw;
  }
}

std::optional<Server::PostTarget> Server::post_target(const wire::http::Request& request) const {
  if (request.method != Method::post || request.query.value("transport") != "polling") return std::nullopt;
  const std::string_view sid = request.query.value("sid");
  net::Shard* home = shard_of(sid);
  const auto id = to_session_id(sid);
  if (home == nullptr || !id) return std::nullopt;
  return PostTarget{home, *id};
}

web::BodyAborted Server::on_headers(const wire::http::Request& request, net::Shard& shard) {
  const auto target = post_target(request);
  if (!target) return {};
  if (target->home == &shard) {
    post_began(shard, target->id);
  } else {
    target->home->post([this, to = *target] { post_began(*to.home, to.id); });
  }
  return [this, to = *target](unsigned status) { tell_post_aborted(to, status); };
}

void Server::tell_post_aborted(const PostTarget& target, unsigned status) {
  if (target.home->is_current()) {
    post_aborted(*target.home, target.id, status);
  } else {
    target.home->post([this, target, status] { post_aborted(*target.home, target.id, status); });
  }
}

void Server::post_began(net::Shard& shard, const SessionId& id) {
  Session* session = find(shard, view_of(id));
  if (session != nullptr && session->polling_ != nullptr) session->polling_->post_began();
}

void Server::post_aborted(net::Shard& shard, const SessionId& id, unsigned status) {
  Session* session = find(shard, view_of(id));
  if (session != nullptr && session->polling_ != nullptr) session->polling_->post_aborted(status);
}

void Server::refuse_other_node(web::Exchange& exchange) {
  auto& counted = counters(exchange.shard());
  ++counted.refused[static_cast<std::size_t>(ErrorCode::unknown_sid)];
  ++counted.other_node;
  if (options_.on_other_node) options_.on_other_node(exchange);
  answer_refusal(exchange, ErrorCode::unknown_sid, options_.other_node_message, 400, 0);
}

void Server::turn_away(web::Exchange& exchange) {
  ++counters(exchange.shard()).refused[static_cast<std::size_t>(ErrorCode::forbidden)];
  answer_refusal(exchange, ErrorCode::forbidden, "the server is shutting down; come back", 503,
                 kComeBackAfter);
}

void Server::refuse(web::Exchange& exchange, ErrorCode code, std::string_view message, unsigned status,
                    unsigned retry_after_s) {
  ++counters(exchange.shard()).refused[static_cast<std::size_t>(code)];
  if (options_.on_refused) options_.on_refused(exchange, code, message);
  if (const auto target = post_target(exchange.request())) tell_post_aborted(*target, status);
  answer_refusal(exchange, code, message, status, retry_after_s);
}

void Server::answer_refusal(web::Exchange& exchange, ErrorCode code, std::string_view message,
                            unsigned status, unsigned retry_after_s) const {
  wire::http::Response response;
  response.status = status;
  if (retry_after_s > 0) response.headers.add("Retry-After", std::to_string(retry_after_s));
  if (exchange.request().upgrade) {  // like the reference on the raw connection, where 403 becomes 400
    if (status == 403) response.status = 400;
    response.headers.add("Content-Type", "text/html");
    response.headers.add("X-Content-Type-Options", "nosniff");
    web::name_version(exchange.request(), response.headers);
    response.body = message;
    response.close = true;
  } else {
    response.headers.add("Content-Type", "application/json");
    response.body = "{\"code\":" + std::to_string(static_cast<int>(code)) + ",\"message\":";
    json::append_string(response.body, message);
    response.body += '}';
    decorate(exchange, response);
  }
  exchange.respond(std::move(response));
}

void Server::decorate(const web::Exchange& exchange, wire::http::Response& response) const {
  cors_.decorate(exchange.request(), response.headers);
}

std::string Server::open_packet(std::string_view sid, bool upgrade) const {
  wire::engineio::OpenFields fields;
  fields.sid = sid;
  fields.upgrade_to_websocket = upgrade;
  fields.ping_interval_ms = options_.ping_interval.count();
  fields.ping_timeout_ms = options_.ping_timeout.count();
  fields.max_payload = options_.max_payload;
  return wire::engineio::encode_open(fields);
}

wire::websocket::DecoderLimits Server::decoder_limits(bool trusted) const noexcept {
  return {trusted ? options_.max_payload : options_.untrusted_payload, options_.fragments_per_message};
}

// The home of a session may be another shard, which cannot be asked while the body arrives.
std::size_t Server::body_limit(const wire::http::Request& request) const {
  if (!distrusts()) return options_.max_payload;
  const std::string_view length = request.headers.value("Content-Length");
  std::size_t announced = 0;
  const auto [end, error] = std::from_chars(length.data(), length.data() + length.size(), announced);
  const bool told = !length.empty() && error == std::errc() && end == length.data() + length.size();
  if (told && announced <= options_.untrusted_payload) return options_.max_payload;
  const auto target = post_target(request);
  if (!target) return options_.untrusted_payload;
  auto& home = *shards_[target->home->index()];
  const std::lock_guard lock(home.trusted_lock);
  return home.trusted.contains(target->id) ? options_.max_payload : options_.untrusted_payload;
}

void Server::remember_trusted(const Session& session) {
  auto& state = *shards_[session.shard_.index()];
  const std::lock_guard lock(state.trusted_lock);
  state.trusted.insert(session.session_id());
}

void Server::forget_trusted(const Session& session) {
  if (!distrusts()) return;
  auto& state = *shards_[session.shard_.index()];
  const std::lock_guard lock(state.trusted_lock);
  state.trusted.erase(session.session_id());
}

void Server::remove(Session& session) {
  auto& state = *shards_[session.shard_.index()];
  if (state.sessions.erase(&session) == 0) return;
  if (session.polling_ != nullptr && session.trusted_) forget_trusted(session);
  --state.counters.sessions_open;
  session.shard_.retire(std::unique_ptr<Session>(&session));
}

Session* Server::find(net::Shard& shard, std::string_view sid) {
  const auto id = to_session_id(sid);
  if (!id) return nullptr;
  auto& sessions = shards_[shard.index()]->sessions;
  const auto found = sessions.find(*id);
  if (found == sessions.end()) return nullptr;
  Session& session = **found;
  session.end_if_overdue(shard.clock().now());  // its timer may be a moment late, the answer must not
  return session.state_ == Session::State::closed ? nullptr : &session;
}

net::Shard* Server::shard_of(std::string_view sid) const {
  if (options_.node_tag && is_of_other_node(sid, *options_.node_tag)) return nullptr;
  const auto index = shard_named_in(sid);
  return index && *index < pool_.size() ? &pool_.at(*index) : nullptr;
}

void Server::for_each_session(const std::function<void(Session&, SessionHandler&)>& visit) {
  pool_.run_on_all([this, &visit](net::Shard& shard) {
    std::vector<Session*> sessions;  // a session that ends meanwhile is destroyed at the end of the turn
    for (Session* session : shards_[shard.index()]->sessions) sessions.push_back(session);
    for (Session* session : sessions) {
      if (session->handler_ != nullptr) visit(*session, *session->handler_);
    }
  });
}

void Server::send_away(Milliseconds window, wire::websocket::CloseCode code) {
  drain();
  pool_.post_to_all([this, window, code](net::Shard& shard) {
    ShardState& state = *shards_[shard.index()];
    std::vector<SessionId> sessions;
    sessions.reserve(state.sessions.size());
    for (const Session* session : state.sessions) sessions.push_back(session->session_id());
    state.departures = std::make_unique<Departures>(
        shard,
        [this, &shard, code](const SessionId& id, bool at_last) { return leave(shard, id, code, at_last); });
    state.departures->begin(sessions, window);
  });
}

bool Server::leave(net::Shard& shard, const SessionId& id, wire::websocket::CloseCode code, bool at_last) {
  Session* session = find(shard, view_of(id));
  if (session == nullptr || !session->open()) return true;
  if (!at_last && session->handler_ != nullptr && session->handler_->owes_answer()) return false;
  ++counters(shard).sent_away[static_cast<std::size_t>(session->transport())];
  session->leave(code);
  return true;
}

void Server::close_all(wire::websocket::CloseCode code) {
  for_each_session([code](Session& session, SessionHandler&) {
    session.close(CloseReason::forced_close, code);
    session.end(CloseReason::forced_close);
  });
}

}  // namespace togglecast::engineio
