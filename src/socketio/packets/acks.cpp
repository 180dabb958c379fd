#include "socketio/packets/acks.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace togglecast::socketio {

struct PendingAcks::Entry final : net::TimerNode {
  Entry(PendingAcks& table, std::uint64_t ack_id, AckCallback done)
      : owner(table), id(ack_id), callback(std::move(done)) {}
  ~Entry() override = default;
  void on_timer(TimePoint) override {
    const auto self = owner.take(id);
    owner.call(*self, fail(Errc::timeout, "operation has timed out"));
  }

  PendingAcks& owner;
  std::uint64_t id;
  AckCallback callback;
};

PendingAcks::PendingAcks(net::Shard& shard, Failed failed) : shard_(shard), failed_(std::move(failed)) {}

PendingAcks::~PendingAcks() = default;

void PendingAcks::expect(std::uint64_t id, Milliseconds timeout, AckCallback callback) {
  entries_.push_back(std::make_unique<Entry>(*this, id, std::move(callback)));
  shard_.arm(*entries_.back(), timeout);
}

bool PendingAcks::expects(std::uint64_t id) const noexcept {
  return std::any_of(entries_.begin(), entries_.end(), [id](const auto& entry) { return entry->id == id; });
}

std::unique_ptr<PendingAcks::Entry> PendingAcks::take(std::uint64_t id) {
  const auto found =
      std::find_if(entries_.begin(), entries_.end(), [id](const auto& entry) { return entry->id == id; });
  if (found == entries_.end()) return nullptr;
  auto entry = std::move(*found);
  *found = std::move(entries_.back());
  entries_.pop_back();
  return entry;
}

void PendingAcks::call(const Entry& entry, Result<Arguments> result) const {
  const Failed failed = failed_;
  try {
    entry.callback(std::move(result));
  } catch (const std::exception& error) {
    failed(error.what());
  } catch (...) {
    failed("an exception of unknown type");
  }
}

void PendingAcks::answer(std::uint64_t id, Arguments args) {
  if (const auto entry = take(id)) call(*entry, std::move(args));
}

void PendingAcks::fail_all() {
  const auto entries = std::exchange(entries_, {});
  for (const auto& entry : entries) call(*entry, fail(Errc::unavailable, "socket has been disconnected"));
}

}  // namespace togglecast::socketio
