#include "adapters/emitter_bridge.hpp"

#include <algorithm>
#include <array>
#include <mutex>
#include <string_view>
#include <utility>

#include "adapters/channel.hpp"
#include "adapters/codec/classic_codec.hpp"
#include "adapters/codec/python_codec.hpp"

namespace togglecast::adapters {

using Kind = cluster::redis::Client::Kind;

namespace {

constexpr std::array<std::string_view, 2> kRefused{"/admin", "/client"};

}  // namespace

/// The namespaces, until the bridge ends. Handlers of the client share it.
struct EmitterBridge::Hall {
  BridgeOptions options;
  ClusterOptions counting;
  Channel answers;
  std::mutex mutex;
  std::map<std::string, socketio::LocalNode*> nodes;  // empty once the bridge has ended

  Hall(cluster::redis::Client& client, BridgeOptions wanted)
      : options(std::move(wanted)),
        counting{.prefix = options.prefix,
                 .limits = options.limits,
                 .counters = options.counters,
                 .log = options.log},
        answers(client, counting, false) {}

  template <typename Do>
  void with(const std::string& nsp, Do&& act) {
    const std::lock_guard lock(mutex);
    if (const auto found = nodes.find(nsp); found != nodes.end()) act(*found->second);
  }

  // An emitter is no server: what servers tell each other is not for us.
  void on_emitter(Message message) {
    if (message.uid != kEmitterUid && !message.uid.empty()) return;
    with(message.nsp, [&](socketio::LocalNode& node) {
      if (auto* event = std::get_if<EventMessage>(&message.body)) {
        if (event->request_id.empty()) node.deliver(std::move(event->event), std::move(event->targets));
      } else if (auto* join = std::get_if<JoinMessage>(&message.body)) {
        node.join(std::move(join->targets), std::move(join->rooms));
      } else if (auto* leave = std::get_if<LeaveMessage>(&message.body)) {
        node.leave(std::move(leave->targets), std::move(leave->rooms));
      } else if (auto* disconnect = std::get_if<DisconnectMessage>(&message.body)) {
        node.disconnect(std::move(disconnect->targets), disconnect->close);
      } else if (auto* server = std::get_if<ServerEventMessage>(&message.body)) {
        if (server->request_id.empty()) node.server_side_event(std::move(server->event), {});
      }
    });
  }

  void on_python(PythonMessage message, std::string_view channel) {
    with(message.nsp, [&](socketio::LocalNode& node) {
      if (auto* emit = std::get_if<PythonEmit>(&message.body)) {
        auto& [event, targets, request] = emit->message;
        if (!emit->callback) {
          node.deliver(std::move(event), std::move(targets));
          return;
        }
        targets.timeout = options.callback_timeout;
        node.deliver_with_ack(
            std::move(event), std::move(targets), [](net::Shard&, std::size_t) {},
            [publish = answers, channel = std::string(channel),
             callback = *emit->callback](const Arguments& answer) {
              publish.publish(channel, write_python_callback(callback, answer));
            });
      } else if (auto* join = std::get_if<JoinMessage>(&message.body)) {
        node.join(std::move(join->targets), std::move(join->rooms));
      } else if (auto* leave = std::get_if<LeaveMessage>(&message.body)) {
        node.leave(std::move(leave->targets), std::move(leave->rooms));
      } else if (auto* disconnect = std::get_if<DisconnectMessage>(&message.body)) {
        node.disconnect(std::move(disconnect->targets), disconnect->close);
      }
    });
  }
};

Result<std::unique_ptr<EmitterBridge>> EmitterBridge::open(
    cluster::redis::Client& client, const std::vector<socketio::LocalNode*>& namespaces,
    BridgeOptions options) {
  if (namespaces.empty())
    return fail(Errc::invalid_argument, "the emitter bridge needs at least one namespace");
  auto hall = std::make_shared<Hall>(client, std::move(options));
  for (auto* node : namespaces) {
    const std::string& name = node->name();
    if (std::find(kRefused.begin(), kRefused.end(), name) != kRefused.end()) {
      return fail(Errc::invalid_argument,
                  "the emitter bridge does not serve " + name +
                      ": everyone on that Redis could speak to its clients as the product; use the REST API");
    }
    hall->nodes[name] = node;
  }
  return std::unique_ptr<EmitterBridge>(new EmitterBridge(client, std::move(hall)));
}

EmitterBridge::EmitterBridge(cluster::redis::Client& client, std::shared_ptr<Hall> hall)
    : client_(client), hall_(std::move(hall)) {
  if (hall_->options.emitter) {
    for (const auto& [name, node] : hall_->nodes) listen_to_emitter(name);
  }
  if (hall_->options.python) listen_to_python();
}

// By patterns alone: the classic adapter of Node counts the listeners of its channels as servers.
void EmitterBridge::listen_to_emitter(const std::string& nsp) {
  const std::string& prefix = hall_->options.prefix;
  patterns_.push_back(escape_pattern(prefix + "#" + nsp + "#") + "*");
  client_.subscribe(Kind::pattern, patterns_.back(),
                    [hall = hall_](std::string_view channel, std::string_view bytes) {
                      auto message = read_classic_broadcast(bytes, hall->options.limits);
                      if (count_read(message, hall->counting, channel)) hall->on_emitter(*std::move(message));
                    });
  patterns_.push_back(escape_pattern(prefix + "-request#" + nsp + "#"));
  client_.subscribe(Kind::pattern, patterns_.back(),
                    [hall = hall_, nsp](std::string_view channel, std::string_view bytes) {
                      auto message = read_classic_request(bytes, nsp, hall->options.limits);
                      if (count_read(message, hall->counting, channel) && *message)
                        hall->on_emitter(**std::move(message));
                    });
}

void EmitterBridge::listen_to_python() {
  channels_ = hall_->options.python_channels;
  for (const std::string& name : channels_) {
    client_.subscribe(Kind::channel, name, [hall = hall_](std::string_view channel, std::string_view bytes) {
      auto message = read_python(bytes, hall->options.limits);
      if (count_read(message, hall->counting, channel) && *message)
        hall->on_python(**std::move(message), channel);
    });
  }
}

EmitterBridge::~EmitterBridge() {
  for (const auto& pattern : patterns_) client_.unsubscribe(Kind::pattern, pattern);
  for (const auto& channel : channels_) client_.unsubscribe(Kind::channel, channel);
  const std::lock_guard lock(hall_->mutex);
  hall_->nodes.clear();
}

}  // namespace togglecast::adapters
