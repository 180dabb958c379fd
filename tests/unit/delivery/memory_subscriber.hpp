// A subscriber of another kind than Socket.IO's: it keeps what it is sent, and applies it as a client would.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "delivery/shard_delivery.hpp"

namespace togglecast::delivery::testing {

/// The updates as they are.
class MemoryBatch final : public EncodedBatch {
 public:
  explicit MemoryBatch(Batch told) : batch(std::move(told)) {}
  Batch batch;
};

/// Looks at the time after each update.
class MemoryEncoding final : public Encoding {
 public:
  explicit MemoryEncoding(const Batch& batch) : batch_(batch) {}
  bool run(Turn& turn) override {
    while (done_ < batch_.updates.size())
      if (++done_ < batch_.updates.size() && turn.over()) return false;
    return true;
  }
  std::unique_ptr<const EncodedBatch> take() override { return std::make_unique<MemoryBatch>(batch_); }

 private:
  const Batch& batch_;
  std::size_t done_ = 0;
};

class MemoryEncoder final : public BatchEncoder {
 public:
  [[nodiscard]] std::unique_ptr<Encoding> begin(const Batch& batch) const override {
    return std::make_unique<MemoryEncoding>(batch);
  }
};
inline const MemoryEncoder kMemoryEncoder;

class MemorySubscriber final : public Subscriber {
 public:
  using Key = std::pair<domain::Kind, domain::Id>;

  explicit MemorySubscriber(net::Shard* shard = nullptr, ShardDelivery* delivery = nullptr)
      : Subscriber(kMemoryEncoder), shard_(shard), delivery_(delivery) {}
  ~MemorySubscriber() override = default;

  [[nodiscard]] TokenBucket& full_states() noexcept override { return full_states_; }
  void send(const EncodedBatch& encoded) override {
    if (std::exchange(fails, false)) throw std::runtime_error("out of memory");
    const Batch& batch = static_cast<const MemoryBatch&>(encoded).batch;
    backlog += batch_bytes;
    ++batches;
    revision = batch.to->revision();
    for (const auto& update : batch.updates) {
      if (update.type == domain::UpdateType::create && seen.contains({update.kind, update.id}))
        ++creates_of_known;
      if (update.data.is_null()) {
        seen.erase({update.kind, update.id});
      } else {
        seen[{update.kind, update.id}] = json::canonical(update.data);
      }
    }
    if (on_send) on_send();
  }
  void send_and_confirm(const EncodedBatch& encoded) override {
    ++confirmed;
    send(encoded);
  }
  void send_full_state_and_confirm(const domain::Snapshot& state, std::string_view view,
                                   std::string_view reason) override {
    ++confirmed;
    send_full_state(state, view, reason);
  }
  [[nodiscard]] ConnectionName name() const override { return {"memory", "memory"}; }
  void send_full_state(const domain::Snapshot& state, std::string_view view, std::string_view) override {
    ++full_states_sent;
    revision = state.revision();
    start_from(json::parse(std::string("{").append(view).append("}")).value().as_object());
  }
  [[nodiscard]] std::size_t backlog_bytes() const noexcept override { return backlog; }
  void look_again_later() override {
    shard_->post([this, alive = std::weak_ptr<int>(alive_)] {
      if (alive.lock() != nullptr) delivery_->on_drained(*this);
    });
  }
  void recheck(const domain::Snapshot& state) override {
    ++rechecks;
    if (client() != nullptr && state.find<domain::Client>(client()->id) == nullptr)
      SubscriberIndex::leave(*this);
  }

  /// What it sees of `state` when it connects.
  void start_from(const json::object& view) {
    seen.clear();
    const auto put = [this](domain::Kind kind, const json::value& entity) {
      if (!entity.is_null()) seen[{kind, entity.at("id").as_int64()}] = json::canonical(entity);
    };
    for (const auto& one : view.at("platforms").as_array()) put(domain::Kind::platform, one);
    for (const auto& one : view.at("features").as_array()) put(domain::Kind::feature, one);
    put(domain::Kind::package, view.at("package"));
    put(domain::Kind::client, view.at("client"));
  }

  std::map<Key, std::string> seen;
  domain::Revision revision = 0;
  std::size_t backlog = 0, batch_bytes = 0;
  int confirmed = 0;
  int batches = 0, full_states_sent = 0, rechecks = 0, creates_of_known = 0, superseded = 0;
  bool fails = false;  // at the next batch
  std::function<void()> on_send;

 private:
  net::Shard* shard_;
  ShardDelivery* delivery_;
  TokenBucket full_states_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace togglecast::delivery::testing
