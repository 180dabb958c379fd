#include <algorithm>
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <charconv>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "cluster/redis/client.hpp"
#include "cluster/redis/link.hpp"
#include "cluster/redis/options.hpp"
#include "cluster/redis/resp.hpp"
#include "observe/metrics.hpp"

namespace togglecast::cluster::redis {
namespace {

struct Meters {
  observe::Counter& connects;
  observe::Counter& losses;
  observe::Counter& commands;
  observe::Counter& refused;
  observe::Counter& messages;
  observe::Counter& failures;
};

Meters make_meters(observe::Metrics& metrics) {
  return {metrics.counter("togglecast_redis_connects_total", "Connections to Redis that became ready."),
          metrics.counter("togglecast_redis_losses_total",
                          "Connections to Redis that were lost, or could not be made."),
          metrics.counter("togglecast_redis_commands_total", "Commands given to Redis."),
          metrics.counter("togglecast_redis_commands_refused_total",
                          "Commands that were not given to Redis: no connection, or too many waited."),
          metrics.counter("togglecast_redis_messages_total", "Messages received from channels of Redis."),
          metrics.counter("togglecast_redis_failed_handlers_total",
                          "Replies and messages of Redis whose handling failed.")};
}

// How long the server may wait before it answers; nothing: for ever.
std::optional<Milliseconds> blocking_time(const std::vector<std::string>& words) {
  if (words.front() != "XREAD" && words.front() != "XREADGROUP") return Milliseconds{0};
  const auto block = std::find(words.begin(), words.end(), "BLOCK");
  if (block == words.end() || block + 1 == words.end()) return Milliseconds{0};
  const std::string& text = *(block + 1);
  std::int64_t time = 0;
  std::from_chars(text.data(), text.data() + text.size(), time);
  return time == 0 ? std::nullopt
                   : std::optional(Milliseconds{std::clamp<std::int64_t>(time, 0, 86'400'000)});
}

using Kind = Client::Kind;

const char* subscribe_word(Kind kind) {
  switch (kind) {
    case Kind::channel:
      return "SUBSCRIBE";
    case Kind::pattern:
      return "PSUBSCRIBE";
    case Kind::shard_channel:
      return "SSUBSCRIBE";
  }
  return "";
}

const char* unsubscribe_word(Kind kind) {
  switch (kind) {
    case Kind::channel:
      return "UNSUBSCRIBE";
    case Kind::pattern:
      return "PUNSUBSCRIBE";
    case Kind::shard_channel:
      return "SUNSUBSCRIBE";
  }
  return "";
}

class KeptClient final : public Client {
 public:
  KeptClient(ClientOptions options, std::shared_ptr<TlsClientContext> tls, observe::Metrics* metrics)
      : options_(std::move(options)),
        tls_(std::move(tls)),
        metrics_(metrics),
        meters_(make_meters(metrics == nullptr ? own_metrics_.emplace() : *metrics)),
        commands_(loop_, options_, tls_,
                  {.ready = [this] { on_commands_ready(); },
                   .lost = [this](const std::string& problem) { on_commands_lost(problem); }}),
        subscriptions_(loop_, options_, tls_,
                       {.ready = [this] { on_subscriptions_ready(); },
                        .lost = [this](const std::string& problem) { on_lost(problem); },
                        .message = [this](Reply& message) { on_message(message); }}) {
    commands_.start();
    subscriptions_.start();
    thread_ = std::thread([this] { run(); });
  }
  ~KeptClient() override { stop(); }

  void command(std::vector<std::string> words, Done done) override {
    if (words.empty()) words.emplace_back();  // for which the server has an error
    {
      const std::scoped_lock lock(mutex_);
      if (!stopping_) {
        Waiting one{encode(words), std::move(done), blocking_time(words)};
        if (waiting_commands_ >= options_.waiting_commands ||
            waiting_bytes_ + one.bytes.size() > options_.waiting_bytes) {
          meters_.refused.add();
          done = std::move(one.done);
          if (done) post_refusal(std::move(done));
          return;
        }
        ++waiting_commands_;
        waiting_bytes_ += one.bytes.size();
        arrived_.push_back(std::move(one));
        if (arrived_.size() == 1) boost::asio::post(loop_, [this] { take_arrived(); });
        return;
      }
    }
    if (done) done(fail(Errc::unavailable, kStopped));
  }

  void subscribe(Kind kind, std::string name, Listener listener) override {
    boost::asio::post(loop_, [this, kind, name = std::move(name), listener = std::move(listener)]() mutable {
      const auto [place, added] = listeners_.insert_or_assign({kind, std::move(name)}, std::move(listener));
      if (added && subscriptions_.session() != nullptr) ask_for(place->first);
    });
  }
  void unsubscribe(Kind kind, const std::string& name) override {
    boost::asio::post(loop_, [this, kind, name] {
      if (listeners_.erase({kind, name}) == 0 || subscriptions_.session() == nullptr) return;
      subscriptions_.session()->command(encode({unsubscribe_word(kind), name}), nullptr);
    });
  }
  void on_connected(std::function<void(bool, const std::string&)> handler) override {
    boost::asio::post(loop_, [this, handler = std::move(handler)]() mutable {
      handler_ = std::move(handler);
      if (known_ && handler_) handler_(connected_, problem_);
    });
  }
  [[nodiscard]] bool connected() const noexcept override { return connected_; }
  [[nodiscard]] std::unique_ptr<Client> open_another() const override {
    return std::make_unique<KeptClient>(options_, tls_, metrics_);
  }

  void stop() override {
    {
      const std::scoped_lock lock(mutex_);
      if (std::exchange(stopping_, true)) return;
    }
    boost::asio::post(loop_, [this] {
      handler_ = nullptr;
      listeners_.clear();
      commands_.stop(kStopped);
      subscriptions_.stop(kStopped);
      take_arrived();
      connected_ = false;
      work_.reset();
      loop_.stop();
    });
    thread_.join();
  }

 private:
  struct Waiting {
    std::string bytes;
    Done done;
    std::optional<Milliseconds> blocks;
  };

  void run() {
    for (;;) {
      try {
        loop_.run();
        return;
      } catch (const std::exception&) {
        // A handler's exception, or no memory: the next event may still be served.
        meters_.failures.add();
      }
    }
  }

  void post_refusal(Done done) {
    boost::asio::post(loop_, [done = std::move(done)] {
      done(fail(Errc::unavailable, "too much waits for Redis already"));
    });
  }

  void take_arrived() {
    std::vector<Waiting> arrived;
    {
      const std::scoped_lock lock(mutex_);
      arrived.swap(arrived_);
    }
    for (Waiting& one : arrived) give(one);
  }

  void give(Waiting& one) {
    auto answer = [this, size = one.bytes.size(), done = std::move(one.done)](Result<Reply> reply) {
      {
        const std::scoped_lock lock(mutex_);
        --waiting_commands_;
        waiting_bytes_ -= size;
      }
      if (done) done(std::move(reply));
    };
    Session* session = commands_.session();
    if (session == nullptr) {
      meters_.refused.add();
      return answer(fail(Errc::unavailable, problem_.empty() ? "there is no connection to Redis" : problem_));
    }
    meters_.commands.add();
    session->command(one.bytes, std::move(answer), one.blocks);
  }

  void on_commands_ready() {
    meters_.connects.add();
    commands_were_ready_ = true;
    show();
  }
  void on_commands_lost(const std::string& problem) {
    // After a failover both connections must lead to the new primary.
    if (std::exchange(commands_were_ready_, false) && !options_.address.service.empty())
      subscriptions_.renew(problem);
    on_lost(problem);
  }
  void on_lost(const std::string& problem) {
    meters_.losses.add();
    if (subscriptions_.session() == nullptr) unconfirmed_ = 0;
    known_ = true;
    problem_ = problem;
    show();
  }
  void on_subscriptions_ready() {
    meters_.connects.add();
    unconfirmed_ = 0;
    for (const auto& [key, listener] : listeners_) ask_for(key);
    show();
  }

  void ask_for(const std::pair<Kind, std::string>& key) {
    ++unconfirmed_;
    subscriptions_.session()->command(encode({subscribe_word(key.first), key.second}),
                                      [this, name = key.second](const Result<Reply>& reply) {
                                        if (!reply && reply.error().code == Errc::unavailable)
                                          return;  // the connection is lost
                                        if (!reply)
                                          return subscriptions_.renew("Redis refuses to subscribe to " +
                                                                      name + ": " + reply.error().message);
                                        if (unconfirmed_ > 0) --unconfirmed_;
                                        show();
                                      });
  }

  void on_message(const Reply& message) {
    meters_.messages.add();
    const auto& items = message.items;
    const std::string& word = items.front().text;
    const Kind kind = word == "pmessage"   ? Kind::pattern
                      : word == "smessage" ? Kind::shard_channel
                                           : Kind::channel;
    if (items.size() != (kind == Kind::pattern ? 4U : 3U)) return;
    const auto found = listeners_.find({kind, items[1].text});
    if (found == listeners_.end()) return;
    const Listener listener = found->second;  // which may end its own subscription
    listener(items[items.size() - 2].text, items.back().text);
  }

  // Subscriptions that come while it is connected do not make it disconnected.
  void show() {
    const bool both = commands_.session() != nullptr && subscriptions_.session() != nullptr;
    const bool now = both && (connected_ || unconfirmed_ == 0);
    if (now) problem_.clear();
    if (now == connected_ && (now || !known_ || told_)) return;
    known_ = told_ = true;
    connected_ = now;
    if (handler_) handler_(now, problem_);
  }

  inline static const std::string kStopped = "the client of Redis was stopped";

  const ClientOptions options_;
  std::shared_ptr<TlsClientContext> tls_;
  observe::Metrics* metrics_;
  std::optional<observe::Metrics> own_metrics_;
  Meters meters_;
  boost::asio::io_context loop_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{loop_.get_executor()};
  Link commands_;
  Link subscriptions_;

  // The loop's.
  std::map<std::pair<Kind, std::string>, Listener> listeners_;
  std::size_t unconfirmed_ = 0;
  std::function<void(bool, const std::string&)> handler_;
  std::string problem_;
  bool known_ = false;  // whether it is connected
  bool told_ = false;
  bool commands_were_ready_ = false;
  std::atomic<bool> connected_{false};

  std::mutex mutex_;
  bool stopping_ = false;
  std::vector<Waiting> arrived_;  // for the loop
  std::size_t waiting_commands_ = 0;
  std::size_t waiting_bytes_ = 0;

  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<Client>> open_client(const ClientOptions& options, observe::Metrics* metrics) {
  std::shared_ptr<TlsClientContext> tls;
  if (options.address.tls) {
    auto loaded = TlsClientContext::load(options.ca_file);
    if (!loaded) return tl::unexpected(loaded.error());
    tls = *std::move(loaded);
  }
  return std::make_unique<KeptClient>(options, std::move(tls), metrics);
}

}  // namespace togglecast::cluster::redis
