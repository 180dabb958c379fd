#include "cluster/redis_bus.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "cluster/envelope.hpp"

namespace togglecast::cluster {
namespace {

// Why a message is not sent.
enum class Unsent : std::uint8_t { not_connected, too_large };

class RedisBus final : public Bus {
 public:
  RedisBus(std::unique_ptr<redis::Client> client, RedisBusOptions options, const BusKeys& keys,
           const Clock& clock, observe::Log& log, observe::Metrics& metrics)
      : client_(std::move(client)),
        options_(std::move(options)),
        keys_(keys),
        clock_(clock),
        log_(log),
        sent_(metrics.counter("togglecast_bus_messages_total", kMessagesHelp, {{"direction", "out"}})),
        received_(metrics.counter("togglecast_bus_messages_total", kMessagesHelp, {{"direction", "in"}})),
        not_connected_(dropped(metrics, "not_connected")),
        too_large_(dropped(metrics, "too_large")),
        up_(metrics.gauge("togglecast_redis_up", "1 while the bus of the nodes is connected to Redis.")) {
    for (std::size_t i = 0; i < kDrops; ++i) drops_[i] = &dropped(metrics, to_string(static_cast<Drop>(i)));
    health_ = {BusState::connecting, clock_.wall_now(), std::string(kNotYet)};
    client_->on_connected(
        [this](bool connected, const std::string& problem) { changed(connected, problem); });
  }
  ~RedisBus() override { client_->stop(); }

  [[nodiscard]] const std::string& node() const noexcept override { return options_.node; }

  void publish(std::string_view channel, std::string_view payload) noexcept override {
    try {
      if (payload.size() > options_.longest) return too_large_.add();
      if (!client_->connected()) {
        not_connected_.add();
        return warn_if_due();
      }
      const std::string name = full_name(channel);
      const std::scoped_lock lock(sending_);  // messages leave in the order of their numbers
      std::string sealed = seal({options_.node, ++sequence_, clock_.wall_now(), payload}, name, keys_);
      client_->command({"PUBLISH", name, std::move(sealed)},
                       [this](const Result<redis::Reply>& reply) { (reply ? sent_ : not_connected_).add(); });
    } catch (const std::exception&) {
      not_connected_.add();
    }
  }

  [[nodiscard]] Subscription subscribe(std::string channel, Handler handler) override {
    const std::string name = full_name(channel);
    const auto listener = std::make_shared<Listener>(Listener{std::move(channel), std::move(handler)});
    const std::scoped_lock lock(mutex_);
    auto& listeners = listeners_[name];
    listeners.push_back(listener);
    if (listeners.size() == 1)
      client_->subscribe(redis::Client::Kind::channel, name,
                         [this](std::string_view on, std::string_view message) { take(on, message); });
    return Subscription([this, name, listener] { end(name, listener); });
  }

  [[nodiscard]] BusHealth health() const override {
    const std::scoped_lock lock(mutex_);
    return health_;
  }

 private:
  struct Listener {
    std::string channel;
    Handler handler;
  };
  using ListenerPtr = std::shared_ptr<Listener>;
  static constexpr std::string_view kNotYet = "not connected to Redis yet";
  static constexpr const char* kMessagesHelp = "Messages between the nodes, by direction.";

  static observe::Counter& dropped(observe::Metrics& metrics, std::string_view reason) {
    return metrics.counter("togglecast_bus_dropped_total",
                           "Messages between the nodes that were not sent or not taken, by reason.",
                           {{"reason", std::string(reason)}});
  }
  [[nodiscard]] std::string full_name(std::string_view channel) const {
    return options_.prefix + ":bus:" + std::string(channel);
  }

  void end(const std::string& name, const ListenerPtr& listener) {
    {
      const std::scoped_lock lock(mutex_);
      auto& listeners = listeners_[name];
      std::erase(listeners, listener);
      if (listeners.empty()) {
        listeners_.erase(name);
        client_->unsubscribe(redis::Client::Kind::channel, name);
      }
    }
    const std::scoped_lock wait_for_its_handler(delivering_);
  }

  void take(std::string_view name, std::string_view bytes) {
    const auto message = unseal(bytes, name, keys_);
    if (!message) return drops_[static_cast<std::size_t>(message.error())]->add();
    if (message->node == options_.node) return;
    if (const auto ok = guard_.admit(*message, name, clock_.wall_now()); !ok)
      return drops_[static_cast<std::size_t>(ok.error())]->add();
    received_.add();
    const std::scoped_lock delivering(delivering_);
    std::vector<ListenerPtr> listeners;
    {
      const std::scoped_lock lock(mutex_);
      const auto found = listeners_.find(name);
      if (found != listeners_.end()) listeners = found->second;
    }
    for (const ListenerPtr& one : listeners) one->handler({one->channel, message->node, message->payload});
  }

  void changed(bool connected, const std::string& problem) {
    bool back = false;
    {
      const std::scoped_lock lock(mutex_);
      health_ = {connected ? BusState::ready : BusState::connecting, clock_.wall_now(), problem};
      if (connected) {
        const bool first = !std::exchange(was_ready_, true);
        back = std::exchange(told_lost_, false) || first;
      }
    }
    up_.set(connected ? 1 : 0);
    if (!connected) return warn_if_due();
    if (back) log_.info("Redis is connected", {{"server", options_.server}});
  }

  // A connection that comes and goes makes one line a minute. One that stays away makes it when that is over.
  void warn_if_due() {
    std::string problem;
    {
      const std::scoped_lock lock(mutex_);
      if (told_lost_ || health_.state == BusState::ready || !known_lost()) return;
      if (told_at_ && clock_.now() - *told_at_ < options_.between_warnings) return;
      told_lost_ = true;
      told_at_ = clock_.now();
      problem = health_.problem;
    }
    log_.warn("Redis is away; the service goes on without it and tries again",
              {{"problem", problem}, {"server", options_.server}});
  }
  [[nodiscard]] bool known_lost() const { return health_.problem != kNotYet; }

  std::unique_ptr<redis::Client> client_;
  const RedisBusOptions options_;
  const BusKeys& keys_;
  const Clock& clock_;
  observe::Log& log_;
  observe::Counter& sent_;
  observe::Counter& received_;
  observe::Counter& not_connected_;
  observe::Counter& too_large_;
  std::array<observe::Counter*, kDrops> drops_{};
  observe::Gauge& up_;

  std::mutex sending_;
  std::uint64_t sequence_ = 0;

  mutable std::mutex mutex_;
  std::map<std::string, std::vector<ListenerPtr>, std::less<>> listeners_;  // by the full name
  BusHealth health_;
  bool was_ready_ = false;
  bool told_lost_ = false;
  std::optional<TimePoint> told_at_;
  std::mutex delivering_;  // while handlers run; taken before mutex_

  ReplayGuard guard_;  // the client's thread
};

}  // namespace

Result<void> check_redis_prefix(std::string_view prefix) {
  const bool plain =
      prefix.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-:") ==
      std::string_view::npos;
  if (prefix.empty() || prefix.size() > 64 || !plain)
    return fail(Errc::invalid_argument,
                "a prefix for Redis is 1 to 64 letters, digits, '.', '_', '-' or ':'");
  return {};
}

Result<std::unique_ptr<Bus>> redis_bus(std::unique_ptr<redis::Client> client, RedisBusOptions options,
                                       const BusKeys& keys, const Clock& clock, observe::Log& log,
                                       observe::Metrics& metrics) {
  if (auto ok = check_redis_prefix(options.prefix); !ok) return tl::unexpected(ok.error());
  return std::make_unique<RedisBus>(std::move(client), std::move(options), keys, clock, log, metrics);
}

}  // namespace togglecast::cluster
