// Messages between the nodes of a cluster: processes that share a store. Opaque bytes on named channels; the
// cluster knows nothing of flags.
//
// At most once: a message may be lost (no connection, a full queue, a node that starts), but arrives no more
// than once, and messages of one node on one channel arrive in order. What must not be lost lies in the
// store; the bus only makes it quicker.
//
// Thread rule: every call from any thread. Handlers run on the bus's thread, one at a time, and must not
// block.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.hpp"

namespace togglecast::cluster {

struct Message {
  std::string_view channel;
  std::string_view node;     ///< who sent it; never this node
  std::string_view payload;  ///< valid during the call
};

enum class BusState : std::uint8_t {
  local,       ///< there is no other node
  connecting,  ///< not yet, or not any more, connected: what is published is lost
  ready,
};
[[nodiscard]] constexpr std::string_view to_string(BusState state) noexcept {
  return state == BusState::local ? "local" : state == BusState::ready ? "ready" : "connecting";
}

struct BusHealth {
  BusState state = BusState::local;
  UnixMillis since{};     ///< of this state
  std::string problem{};  ///< a sentence for the operator; empty when there is none
};

class Bus {
 public:
  using Handler = std::function<void(const Message& message)>;
  /// Ends the subscription when it is destroyed: then its handler runs no more, and does not run now.
  /// Not to be destroyed within a handler. Must not outlive the bus.
  class Subscription {
   public:
    Subscription() = default;
    explicit Subscription(std::function<void()> end) : end_(std::move(end)) {}
    Subscription(Subscription&& other) noexcept : end_(std::exchange(other.end_, nullptr)) {}
    Subscription& operator=(Subscription&& other) noexcept {
      if (this != &other) {
        if (end_) end_();
        end_ = std::exchange(other.end_, nullptr);
      }
      return *this;
    }
    ~Subscription() {
      if (end_) end_();
    }

   private:
    std::function<void()> end_;
  };

  virtual ~Bus() = default;
  /// The random name of this node, made at its start.
  [[nodiscard]] virtual const std::string& node() const noexcept = 0;
  /// To all other nodes that listen. Does not wait. What cannot be sent is dropped and counted.
  virtual void publish(std::string_view channel, std::string_view payload) noexcept = 0;
  [[nodiscard]] virtual Subscription subscribe(std::string channel, Handler handler) = 0;
  [[nodiscard]] virtual BusHealth health() const = 0;
};

/// The bus of a node without others: what is published reaches nobody.
[[nodiscard]] std::unique_ptr<Bus> local_bus(std::string node);

}  // namespace togglecast::cluster
