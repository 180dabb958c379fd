// A bus that connects several nodes of one process, with the contract of `cluster/bus.hpp`: at most once, in
// the order of each node, on a thread of each receiver. A node can be cut off, and messages can be held.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "cluster/bus.hpp"

namespace togglecast::test {

class SharedBus {
 public:
  class Node;

  /// `name` is what `node()` answers. The nodes must end before this object.
  std::unique_ptr<Node> node(std::string name);

  /// From now on, nothing reaches this node, and nothing comes from it.
  void cut_off(const std::string& name) {
    const std::lock_guard lock(mutex_);
    cut_off_.insert(name);
  }
  void join_again(const std::string& name) {
    const std::lock_guard lock(mutex_);
    cut_off_.erase(name);
  }
  /// Messages on these channels get lost.
  void lose(std::string channel) {
    const std::lock_guard lock(mutex_);
    lost_.insert(std::move(channel));
  }
  /// What was published so far, also what got lost.
  [[nodiscard]] std::size_t published(const std::string& channel) const {
    const std::lock_guard lock(mutex_);
    const auto found = published_.find(channel);
    return found == published_.end() ? 0 : found->second;
  }

 private:
  void publish(const std::string& from, std::string_view channel, std::string_view payload);

  mutable std::mutex mutex_;
  std::map<std::string, Node*> nodes_;
  std::set<std::string> cut_off_, lost_;
  std::map<std::string, std::size_t> published_;
};

class SharedBus::Node final : public cluster::Bus {
 public:
  Node(SharedBus& bus, std::string name) : bus_(bus), name_(std::move(name)), thread_([this] { run(); }) {
    const std::lock_guard lock(bus_.mutex_);
    bus_.nodes_[name_] = this;
  }
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
  ~Node() override {
    {
      const std::lock_guard lock(bus_.mutex_);
      bus_.nodes_.erase(name_);
    }
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    arrived_.notify_all();
    thread_.join();
  }

  [[nodiscard]] const std::string& node() const noexcept override { return name_; }
  void publish(std::string_view channel, std::string_view payload) noexcept override {
    bus_.publish(name_, channel, payload);
  }
  [[nodiscard]] Subscription subscribe(std::string channel, Handler handler) override {
    const std::lock_guard lock(mutex_);
    subscribers_.push_back(std::make_shared<Subscriber>(Subscriber{std::move(channel), std::move(handler)}));
    return Subscription([this, subscriber = subscribers_.back()] {
      std::unique_lock ending(mutex_);
      std::erase(subscribers_, subscriber);
      idle_.wait(ending, [&] { return running_ != subscriber; });
    });
  }
  [[nodiscard]] cluster::BusHealth health() const override { return {cluster::BusState::ready, {}, {}}; }

 private:
  friend class SharedBus;
  static constexpr std::size_t kMostQueued = 100'000;  // more is lost

  struct Subscriber {
    std::string channel;
    Handler handler;
  };
  struct Letter {
    std::string channel, from, payload;
  };

  void deliver(Letter letter) {
    {
      const std::lock_guard lock(mutex_);
      if (queue_.size() >= kMostQueued) return;
      queue_.push_back(std::move(letter));
    }
    arrived_.notify_one();
  }

  void run() {
    std::unique_lock lock(mutex_);
    while (true) {
      arrived_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (stopping_) return;
      const Letter letter = std::move(queue_.front());
      queue_.pop_front();
      const auto subscribers = subscribers_;
      for (const auto& one : subscribers) {
        if (one->channel != letter.channel) continue;
        if (std::find(subscribers_.begin(), subscribers_.end(), one) == subscribers_.end()) continue;
        running_ = one;
        lock.unlock();
        one->handler({letter.channel, letter.from, letter.payload});
        lock.lock();
        running_ = nullptr;
        idle_.notify_all();
      }
    }
  }

  SharedBus& bus_;
  std::string name_;
  std::mutex mutex_;
  std::condition_variable arrived_, idle_;
  std::deque<Letter> queue_;
  std::vector<std::shared_ptr<Subscriber>> subscribers_;
  std::shared_ptr<Subscriber> running_;
  bool stopping_ = false;
  std::thread thread_;
};

inline std::unique_ptr<SharedBus::Node> SharedBus::node(std::string name) {
  return std::make_unique<Node>(*this, std::move(name));
}

inline void SharedBus::publish(const std::string& from, std::string_view channel, std::string_view payload) {
  const std::lock_guard lock(mutex_);
  ++published_[std::string(channel)];
  if (cut_off_.contains(from) || lost_.contains(std::string(channel))) return;
  for (const auto& [name, node] : nodes_)
    if (name != from && !cut_off_.contains(name))
      node->deliver({std::string(channel), from, std::string(payload)});
}

}  // namespace togglecast::test
