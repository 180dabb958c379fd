// What a server asked the others, until their answers are there or the time is over. Internal.
// Thread rule: a Question lives on its home shard; Questions are for any thread.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "adapters/codec/message.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "net/shard.hpp"
#include "socketio/answer_collector.hpp"

namespace togglecast::adapters {

/// Ownership: the armed timer and the table hold it until it is settled.
class Question : public std::enable_shared_from_this<Question> {
 public:
  explicit Question(net::Shard& home) : home_(home) {}
  Question(const Question&) = delete;
  Question& operator=(const Question&) = delete;
  virtual ~Question() = default;

  [[nodiscard]] net::Shard& home() const noexcept { return home_; }
  /// Runs `task` on the home shard: at once if this is its thread.
  void at_home(std::function<void()> task);
  /// `forget` is called when the question is settled.
  void start(Milliseconds timeout, std::function<void()> forget);

  virtual void hear(Body answer) = 0;
  /// The number of servers, this one among them.
  virtual void count(Result<std::size_t> servers) = 0;

 protected:
  /// Returns false if it was settled before.
  bool settle();
  virtual void time_out() = 0;

 private:
  net::Shard& home_;
  std::unique_ptr<net::CallbackTimer> timer_;
  std::function<void()> forget_;
  bool settled_ = false;
};

/// The answers of all clients to a broadcast. Without the number of servers it ends by its time-out.
class AckQuestion final : public Question {
 public:
  AckQuestion(net::Shard& home, std::function<void(socketio::Answers)> done)
      : Question(home), done_(std::move(done)) {}
  void hear(Body answer) override;
  void count(Result<std::size_t> servers) override;

 private:
  void check();
  void finish(bool timed_out);
  void time_out() override { finish(true); }

  std::function<void(socketio::Answers)> done_;
  socketio::Answers answers_;
  std::optional<std::size_t> servers_;
  std::size_t servers_heard_ = 0;
  std::size_t clients_ = 0;
};

/// One part from each server: T is a vector. `ask` is called when it is known that there are others.
template <typename T>
class PartsQuestion final : public Question {
 public:
  using Done = std::function<void(Result<T>)>;
  /// `own`: this server's part.
  PartsQuestion(net::Shard& home, T own, std::function<void()> ask, Done done)
      : Question(home), parts_(std::move(own)), ask_(std::move(ask)), done_(std::move(done)) {}
  void hear(Body answer) override;
  void count(Result<std::size_t> servers) override;

 private:
  void finish(Result<T> result);
  void time_out() override;

  T parts_;
  std::function<void()> ask_;
  Done done_;
  std::size_t expected_ = 0;
  std::size_t heard_ = 0;
};
using FetchQuestion = PartsQuestion<std::vector<RemoteSocket>>;
using ServersQuestion = PartsQuestion<std::vector<Arguments>>;

class Questions : public std::enable_shared_from_this<Questions> {
 public:
  /// More than these are not asked at once.
  static constexpr std::size_t kMost = 10'000;

  /// Starts it. Returns the id of its request, or nothing if too many wait.
  [[nodiscard]] std::optional<std::string> add(const std::shared_ptr<Question>& question,
                                               Milliseconds timeout);
  /// Answers to a request that is not known are ignored.
  void hear(const std::string& request_id, Body answer);

 private:
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Question>> waiting_;
};

}  // namespace togglecast::adapters
