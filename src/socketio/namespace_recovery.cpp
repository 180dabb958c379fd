// Connection state recovery: with it, every event is recorded, and reaches each shard in the recorded order.
#include <chrono>
#include <memory>
#include <optional>
#include <utility>

#include "socketio/namespace.hpp"
#include "socketio/socket.hpp"

namespace togglecast::socketio {

void Namespace::deliver_recorded(Arguments event, BroadcastOptions options, net::Shard* only) {
  net::Shard* here = nullptr;
  const auto targets = std::make_shared<const BroadcastOptions>(std::move(options));
  {
    const std::lock_guard lock(lane_->mutex);
    event.values.emplace_back(lane_->store->record(event, *targets, std::chrono::steady_clock::now()));
    const auto packet = std::make_shared<const EncodedPacket>(EncodedPacket::event(name_, event));
    for (std::size_t i = 0; i < pool_.size(); ++i) {
      net::Shard& shard = pool_.at(i);
      if (only != nullptr && only != &shard) continue;
      lane_->inboxes[i].tasks.emplace_back(
          [this, &shard, packet, targets] { send_to_selected(shard, *packet, *targets); });
      if (shard.is_current()) {
        here = &shard;
      } else {
        if (auto keep = weak_from_this().lock()) {
          shard.post([keep = std::move(keep), &shard] { keep->drain(shard); });
        }
      }
    }
  }
  if (here != nullptr) drain(*here);
}

void Namespace::in_order(net::Shard& shard, std::function<void()> task) {
  if (lane_ == nullptr) {
    task();
    return;
  }
  {
    const std::lock_guard lock(lane_->mutex);
    lane_->inboxes[shard.index()].tasks.push_back(std::move(task));
  }
  drain(shard);
}

void Namespace::drain(net::Shard& shard) {
  auto& inbox = lane_->inboxes[shard.index()];
  if (inbox.draining) return;  // the one that does goes on until nothing is left
  inbox.draining = true;
  while (true) {
    std::deque<std::function<void()>> tasks;
    {
      const std::lock_guard lock(lane_->mutex);
      tasks.swap(inbox.tasks);
    }
    if (tasks.empty()) break;
    for (const auto& task : tasks) guarded("delivery", {}, {}, task);
  }
  inbox.draining = false;
}

void Namespace::deliver_own(net::Shard& shard, std::string_view sid, Arguments event) {
  BroadcastOptions own_room;
  own_room.rooms.emplace_back(sid);
  if (shared_ != nullptr) {
    adapter_->broadcast(std::move(event), std::move(own_room));
  } else {
    deliver_recorded(std::move(event), std::move(own_room), &shard);
  }
}

std::string Namespace::new_pid() {
  if (shared_ != nullptr) return shared_->new_pid();
  if (lane_ == nullptr) return {};
  const std::lock_guard lock(lane_->mutex);
  return lane_->store->new_pid();
}

void Namespace::recover(net::Shard& shard, std::string_view pid, std::string_view offset,
                        std::function<void(std::optional<RecoveredSession>)> joined) {
  if (shared_ != nullptr) {
    const auto answer = std::make_shared<std::optional<RecoveredSession>>();
    auto back = net::posted_to(shard, [answer, joined = std::move(joined)] { joined(std::move(*answer)); });
    shared_->take(std::string(pid), std::string(offset),
                  [answer, back = std::move(back)](std::optional<RecoveredSession> recovered) {
                    *answer = std::move(recovered);
                    back();
                  });
    return;
  }
  bool found = false;
  {
    const std::lock_guard lock(lane_->mutex);
    if (auto recovered = lane_->store->take(pid, offset, shard.now())) {
      found = true;
      auto session = std::make_shared<RecoveredSession>(*std::move(recovered));
      lane_->inboxes[shard.index()].tasks.emplace_back([joined, session] { joined(std::move(*session)); });
    }
  }
  if (!found) return joined(std::nullopt);
  drain(shard);
}

void Namespace::save(RecoverableSession session, TimePoint now) {
  if (shared_ != nullptr) return shared_->save(std::move(session));
  const std::lock_guard lock(lane_->mutex);
  lane_->store->save(std::move(session), now);
}

}  // namespace togglecast::socketio
