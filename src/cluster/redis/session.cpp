#include "cluster/redis/session.hpp"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <utility>

#include "names/name_lookup.hpp"

namespace togglecast::cluster::redis {
namespace {

using Generic = boost::asio::generic::stream_protocol;
using boost::asio::ip::tcp;

constexpr Milliseconds kLongestTick{500};

bool is_message(const Reply& reply) {
  if (reply.type != Reply::Type::array || reply.items.empty()) return false;
  const std::string& kind = reply.items.front().text;
  return kind == "message" || kind == "pmessage" || kind == "smessage";
}

bool begins_with(const Result<Reply>& reply, std::string_view word) {
  return !reply && reply.error().code == Errc::internal && reply.error().message.starts_with(word);
}

}  // namespace

std::shared_ptr<Session> Session::open(boost::asio::io_context& loop, Endpoint endpoint,
                                       const ClientOptions& options, std::shared_ptr<TlsClientContext> tls,
                                       Login login, Handlers handlers) {
  auto session = std::make_shared<Session>(loop, std::move(endpoint), options, std::move(tls),
                                           std::move(login), std::move(handlers));
  boost::asio::post(loop, [session] { session->start(); });
  return session;
}

Session::Session(boost::asio::io_context& loop, Endpoint endpoint, const ClientOptions& options,
                 std::shared_ptr<TlsClientContext> tls, Login login, Handlers handlers)
    : loop_(loop),
      endpoint_(std::move(endpoint)),
      options_(options),
      tls_(std::move(tls)),
      login_(std::move(login)),
      handlers_(std::move(handlers)),
      timer_(loop),
      opened_(std::chrono::steady_clock::now()),
      last_reply_(opened_),
      reader_(options.replies) {}

Session::~Session() {
  const std::scoped_lock lock(found_->mutex);
  found_->loop = nullptr;
}

void Session::start() {
  if (closed_) return;
  tick();
  socket_ = make_socket(loop_, endpoint_.path.empty() ? tls_ : nullptr, endpoint_.host);
  if (!endpoint_.path.empty()) {
    if (endpoint_.path.size() > 100) return fail("the path of the socket of " + at() + " is too long");
    return connect({boost::asio::local::stream_protocol::endpoint(endpoint_.path)}, 0);
  }
  boost::system::error_code no_address;
  const auto address = boost::asio::ip::make_address(endpoint_.host, no_address);
  if (!no_address) return connect({tcp::endpoint(address, endpoint_.port)}, 0);
  look_up_host();
}

// Not by the loop's resolver: the end of the loop would wait for a look-up that hangs.
void Session::look_up_host() {
  {
    const std::scoped_lock lock(found_->mutex);
    found_->loop = &loop_;
  }
  names::look_up(endpoint_.host, [self = weak_from_this(),
                                  found = found_](Result<names::Addresses> addresses) {
    const std::scoped_lock lock(found->mutex);
    if (found->loop == nullptr) return;
    boost::asio::post(*found->loop, [self, addresses = std::move(addresses)] {
      const auto session = self.lock();
      if (session == nullptr || session->closed_) return;
      if (!addresses)
        return session->fail("cannot find the host of " + session->at() + ": " + addresses.error().message);
      std::vector<Generic::endpoint> endpoints;
      for (const std::string& address : *addresses) {
        boost::system::error_code unreadable;
        const auto numeric = boost::asio::ip::make_address(address, unreadable);
        if (!unreadable) endpoints.emplace_back(tcp::endpoint(numeric, session->endpoint_.port));
      }
      if (endpoints.empty()) return session->fail("cannot find the host of " + session->at());
      session->connect(std::move(endpoints), 0);
    });
  });
}

void Session::connect(std::vector<Generic::endpoint> endpoints, std::size_t index) {
  const Generic::endpoint endpoint = endpoints[index];
  boost::system::error_code ignored;
  socket_->lowest().close(ignored);
  socket_->lowest().async_connect(endpoint, [self = shared_from_this(), endpoints = std::move(endpoints),
                                             index](const boost::system::error_code& error) mutable {
    if (self->closed_) return;
    if (!error) return self->connected();
    if (index + 1 < endpoints.size()) return self->connect(std::move(endpoints), index + 1);
    self->fail("cannot connect to " + self->at() + ": " + error.message());
  });
}

void Session::connected() {
  boost::system::error_code ignored;
  if (endpoint_.path.empty()) {
    socket_->lowest().set_option(tcp::no_delay(true), ignored);
    socket_->lowest().set_option(boost::asio::socket_base::keep_alive(true), ignored);
  }
  socket_->handshake([self = shared_from_this()](const boost::system::error_code& error, std::size_t) {
    if (self->closed_) return;
    if (error) return self->fail("no TLS with " + self->at() + ": " + error.message());
    self->read();
    self->log_in();
  });
}

void Session::log_in() {
  const auto refused = [](const Result<Reply>& reply) { return reply.has_value(); };
  if (!login_.password.empty()) {
    std::vector<std::string> words{"AUTH"};
    if (!login_.username.empty()) words.push_back(login_.username);
    words.push_back(login_.password.reveal());
    login_step(std::move(words), refused);
  }
  // A user without this permission gets on without a name, but not one without a login.
  if (!login_.name.empty())
    login_step({"CLIENT", "SETNAME", login_.name},
               [](const Result<Reply>& reply) { return !begins_with(reply, "NOAUTH"); });
  if (login_.database != 0) login_step({"SELECT", std::to_string(login_.database)}, refused);
  if (login_.primary)
    login_step({"ROLE"}, [this](const Result<Reply>& reply) { return accept_role(reply); });
  else
    login_step({"PING"}, refused);
}

void Session::login_step(std::vector<std::string> words, std::function<bool(const Result<Reply>&)> accepts) {
  ++login_steps_;
  const std::string what = words.front();
  command(encode(words), [this, what, accepts = std::move(accepts)](Result<Reply> reply) {
    if (closed_) return;
    if (!accepts(reply)) {
      if (closed_) return;
      return fail(at() + " refuses " + what + ": " + (reply ? "unexpected reply" : reply.error().message));
    }
    if (--login_steps_ == 0) login_done();
  });
}

void Session::login_done() {
  ready_ = true;
  last_reply_ = std::chrono::steady_clock::now();
  if (handlers_.ready) handlers_.ready();
}

bool Session::accept_role(const Result<Reply>& reply) {
  if (!reply || reply->items.empty()) return false;
  if (reply->items.front().text == "master") return true;
  fail(at() + " is no primary, but a " + reply->items.front().text);
  return false;
}

void Session::command(std::string_view bytes, Client::Done done, std::optional<Milliseconds> blocks) {
  if (closed_) {
    if (done) done(togglecast::fail(Errc::unavailable, "there is no connection to Redis"));
    return;
  }
  const TimePoint deadline =
      blocks ? std::chrono::steady_clock::now() + options_.command_timeout + *blocks : TimePoint::max();
  awaited_.push_back({std::move(done), deadline});
  output_ += bytes;
  write();
}

void Session::write() {
  if (!writing_.empty() || output_.empty()) return;
  writing_.swap(output_);
  socket_->write(boost::asio::buffer(writing_),
                 [self = shared_from_this()](const boost::system::error_code& error, std::size_t) {
                   self->writing_.clear();
                   if (self->closed_) return;
                   if (error)
                     return self->fail("lost the connection to " + self->at() + ": " + error.message());
                   self->write();
                 });
}

void Session::read() {
  socket_->read_some(boost::asio::buffer(input_),
                     [self = shared_from_this()](const boost::system::error_code& error, std::size_t bytes) {
                       if (self->closed_) return;
                       if (error)
                         return self->fail("lost the connection to " + self->at() + ": " + error.message());
                       self->last_reply_ = std::chrono::steady_clock::now();
                       self->reader_.feed({self->input_.data(), bytes});
                       while (!self->closed_) {
                         auto reply = self->reader_.next();
                         if (!reply) return self->fail(self->at() + ": " + reply.error().message);
                         if (!*reply) break;
                         self->take(**reply);
                       }
                       if (!self->closed_) self->read();
                     });
}

void Session::take(Reply& reply) {
  if (handlers_.message && is_message(reply)) return handlers_.message(reply);
  if (awaited_.empty()) {
    // Such as "sunsubscribe", when a cluster moves a slot, or an error on the way out.
    if (reply.type == Reply::Type::error) fail(at() + " says: " + reply.text);
    return;
  }
  const Client::Done done = std::move(awaited_.front().done);
  awaited_.pop_front();
  // What a command waited for the one before it does not count.
  if (!awaited_.empty())
    awaited_.front().deadline = std::max(awaited_.front().deadline, last_reply_ + options_.command_timeout);
  if (reply.type != Reply::Type::error) {
    if (done) done(std::move(reply));
    return;
  }
  const std::string text = reply.text;
  if (done) done(togglecast::fail(Errc::internal, text));
  if (closed_) return;
  if (text.starts_with("READONLY")) fail(at() + " is a read-only replica");
}

// The loop's only timer of this session: its deadlines are this much late at most.
void Session::tick() {
  const Milliseconds pause = std::min(kLongestTick, std::max(Milliseconds{5}, options_.command_timeout / 4));
  timer_.expires_after(pause);
  timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    if (error || self->closed_) return;
    const TimePoint now = std::chrono::steady_clock::now();
    if (!self->ready_ && now - self->opened_ > self->options_.connect_timeout)
      return self->fail(self->at() + " was not ready within " +
                        std::to_string(self->options_.connect_timeout.count()) + " ms");
    if (!self->awaited_.empty() && now > self->awaited_.front().deadline)
      return self->fail(self->at() + " did not answer within " +
                        std::to_string(self->options_.command_timeout.count()) + " ms");
    if (self->ready_ && self->awaited_.empty() && now - self->last_reply_ > self->options_.keepalive)
      self->ask_if_alive();
    if (!self->closed_) self->tick();
  });
}

void Session::ask_if_alive() {
  if (!login_.primary || handlers_.message)  // a subscriber may only say PING
    return command(encode({"PING"}), nullptr);
  command(encode({"ROLE"}), [this](const Result<Reply>& reply) {
    if (!closed_ && !accept_role(reply) && !closed_) fail(at() + " does not tell its role");
  });
}

void Session::fail(std::string problem) {
  if (closed_) return;
  end(problem);
  const auto lost = std::move(handlers_.lost);
  handlers_ = {};
  if (lost) lost(problem);
}

void Session::close(const std::string& problem) {
  if (closed_) return;
  handlers_ = {};
  end(problem);
}

void Session::end(const std::string& problem) {
  closed_ = true;
  timer_.cancel();
  {
    const std::scoped_lock lock(found_->mutex);
    found_->loop = nullptr;
  }
  boost::system::error_code ignored;
  if (socket_ != nullptr) socket_->lowest().close(ignored);
  const auto self = shared_from_this();  // a handler may drop the last owner
  std::deque<Awaited> left;
  left.swap(awaited_);
  for (const Awaited& one : left) {
    if (one.done) one.done(togglecast::fail(Errc::unavailable, problem));
  }
}

}  // namespace togglecast::cluster::redis
