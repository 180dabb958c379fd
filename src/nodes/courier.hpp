// Messages, questions and answers between nodes: JSON objects on the channels of the bus.
//
//   channel nodes.<topic>         {"v": 1, "body": {…}}              a message
//                                 {"v": 1, "id": "…", "body": {…}}   a question
//   channel nodes.answer.<node>   {"v": 1, "id": "…", "body": {…}}   an answer, to the node that asked
//
// `v` is the version of the format. A node understands the version before its own, its own and the next one;
// it ignores members that it does not know. What it does not understand it drops and counts: `version` for a
// message of another version, else `malformed`. A topic that it does not know it does not hear.
//
//   courier.on("wake", [](const std::string& node, const json::object& body) { … });
//   courier.answer("client", [](const json::object& question, const Courier::Answer& answer) { answer({…});
//   }); courier.start(); courier.ask("client", question, nodes, deadline, [](Courier::Answers answers) { …
//   });
//
// Thread rule: `on` and `answer` before `start`; `start` and `stop` by the owner; the rest from any thread.
// Handlers run on the bus's thread and must not block. `done` of a question runs once: on the bus's thread,
// on the shard, or within `ask`.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/random.hpp"
#include "cluster/bus.hpp"
#include "net/shard.hpp"
#include "observe/metrics.hpp"
#include "observe/peer_log.hpp"

namespace togglecast::nodes {

class Courier {
 public:
  static constexpr std::int64_t kVersion = 1;
  static constexpr std::size_t kMostBytes = 1'024 * 1'024;  ///< of a message
  static constexpr std::size_t kMostQuestions = 10'000;     ///< that wait for answers at the same time

  using Handler = std::function<void(const std::string& node, const json::object& body)>;
  using Answer = std::function<void(json::object body)>;
  /// Answers now or later, on any thread, once.
  using Responder = std::function<void(const json::object& question, const Answer& answer)>;
  struct Answers {
    std::vector<std::pair<std::string, json::object>> from;  ///< by node
    std::vector<std::string> missing;                        ///< nodes that did not answer in time
  };
  using Done = std::function<void(Answers answers)>;

  /// Deadlines of questions wait on `home`. All must outlive it, but no thread that calls it or that it
  /// calls: drop it when the shards have stopped.
  Courier(cluster::Bus& bus, net::Shard& home, observe::PeerLog log, observe::Metrics& metrics);
  Courier(const Courier&) = delete;
  Courier& operator=(const Courier&) = delete;
  ~Courier() { stop(); }

  void on(std::string topic, Handler handler);
  void answer(std::string topic, Responder responder);
  void start();
  /// Hears nothing more. Questions that wait end, without the answers that are missing.
  void stop();

  /// To all other nodes.
  void tell(std::string_view topic, json::object body);
  /// `nodes`: those whose answers are waited for. All hear the question, and others may answer: that is
  /// dropped.
  void ask(std::string_view topic, json::object question, const std::vector<std::string>& nodes,
           Milliseconds deadline, Done done);

 private:
  struct Question {
    std::vector<std::string> waiting;
    Answers answers;
    Done done;
    TimePoint asked{};
  };
  struct Letter {
    std::string id;
    json::object body;
  };

  void listen(const std::string& topic, std::function<void(const std::string& node, const Letter&)> handler);
  void publish(const std::string& topic, const std::string& id, json::object body);
  [[nodiscard]] Result<Letter> read(std::string_view payload) const;
  void take_answer(const std::string& node, const Letter& letter);
  /// Ends a question that still waits.
  void finish(const std::string& id);

  cluster::Bus& bus_;
  net::Shard& home_;
  observe::PeerLog log_;
  SystemRandom random_;
  observe::Counter& sent_;
  observe::Counter& received_;
  observe::Counter& malformed_;
  observe::Counter& other_version_;
  observe::Counter& too_large_;
  observe::Counter& unanswered_;
  observe::Histogram& seconds_;

  struct Channel {
    std::string name;
    cluster::Bus::Handler handler;
  };
  std::vector<Channel> channels_;
  std::vector<cluster::Bus::Subscription> subscriptions_;

  std::map<std::string, std::unique_ptr<net::CallbackTimer>> timers_;  // of the home shard

  std::mutex mutex_;  // for what follows
  std::map<std::string, Question> questions_;
  bool stopped_ = false;
};

}  // namespace togglecast::nodes
