#include "nodes/courier.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

#include "domain/schema/ids.hpp"

namespace togglecast::nodes {
namespace {

constexpr std::size_t kIdBytes = 12;
constexpr std::string_view kChannelPrefix = "nodes.";

std::string channel_of(std::string_view topic) { return std::string(kChannelPrefix) + std::string(topic); }

observe::Counter& refused(observe::Metrics& metrics, const char* reason) {
  return metrics.counter("togglecast_node_messages_refused_total",
                         "Messages between nodes that were dropped, by reason.", {{"reason", reason}});
}

observe::Counter& messages(observe::Metrics& metrics, const char* direction) {
  return metrics.counter("togglecast_node_messages_total", "Messages between nodes, by direction.",
                         {{"direction", direction}});
}

}  // namespace

Courier::Courier(cluster::Bus& bus, net::Shard& home, observe::PeerLog log, observe::Metrics& metrics)
    : bus_(bus),
      home_(home),
      log_(log),
      sent_(messages(metrics, "out")),
      received_(messages(metrics, "in")),
      malformed_(refused(metrics, "malformed")),
      other_version_(refused(metrics, "version")),
      too_large_(refused(metrics, "too_large")),
      unanswered_(metrics.counter("togglecast_node_answers_missing_total",
                                  "Answers of other nodes that did not come in time.")),
      seconds_(metrics.histogram("togglecast_node_answer_seconds",
                                 "From a question to another node to its answer, in seconds.",
                                 observe::duration_buckets())) {
  listen("answer." + bus_.node(),
         [this](const std::string& node, const Letter& letter) { take_answer(node, letter); });
}

void Courier::listen(const std::string& topic,
                     std::function<void(const std::string& node, const Letter&)> handler) {
  channels_.push_back(
      {channel_of(topic), [this, handler = std::move(handler)](const cluster::Message& message) {
         received_.add();
         try {
           const auto letter = read(message.payload);
           if (letter) return handler(std::string(message.node), *letter);
           log_.debug("a message of another node was dropped",
                      {{"channel", message.channel}, {"reason", letter.error().message}});
           if (letter.error().code == Errc::conflict) return other_version_.add();
         } catch (const std::exception& failure) {
           log_.debug("a message of another node was dropped",
                      {{"channel", message.channel}, {"reason", failure.what()}});
         }
         malformed_.add();
       }});
}

void Courier::on(std::string topic, Handler handler) {
  listen(topic, [handler = std::move(handler)](const std::string& node, const Letter& letter) {
    handler(node, letter.body);
  });
}

void Courier::answer(std::string topic, Responder responder) {
  listen(topic, [this, responder = std::move(responder)](const std::string& node, const Letter& letter) {
    responder(letter.body, [this, node, id = letter.id](json::object body) {
      if (!id.empty()) publish("answer." + node, id, std::move(body));
    });
  });
}

void Courier::start() {
  for (const Channel& channel : channels_)
    subscriptions_.push_back(bus_.subscribe(channel.name, channel.handler));
}

void Courier::stop() {
  subscriptions_.clear();
  std::map<std::string, Question> left;
  {
    const std::scoped_lock lock(mutex_);
    stopped_ = true;
    left.swap(questions_);
  }
  for (auto& [id, question] : left) {
    question.answers.missing = std::move(question.waiting);
    question.done(std::move(question.answers));
  }
}

void Courier::publish(const std::string& topic, const std::string& id, json::object body) {
  json::object letter{{"v", kVersion}};
  if (!id.empty()) letter["id"] = id;
  letter["body"] = std::move(body);
  const std::string text = json::serialize(letter);
  if (text.size() > kMostBytes) return too_large_.add();
  sent_.add();
  bus_.publish(channel_of(topic), text);
}

Result<Courier::Letter> Courier::read(std::string_view payload) const {
  if (payload.size() > kMostBytes) return fail(Errc::payload_too_large, "it is larger than 1 MiB");
  auto parsed = json::parse(payload, {.depth = 64});
  if (!parsed) return tl::unexpected(parsed.error());
  const auto* given = json::find(*parsed, "v");
  const auto version = given == nullptr ? std::nullopt : domain::integer_in(*given);
  if (!version || *version < kVersion - 1 || *version > kVersion + 1)
    return fail(version ? Errc::conflict : Errc::invalid_argument, "it has another version of the format");
  const auto* body = json::find(*parsed, "body");
  if (body == nullptr || !body->is_object()) return fail(Errc::invalid_argument, "it has no body");
  return Letter{std::string(json::string_or_empty(*parsed, "id")), body->get_object()};
}

void Courier::tell(std::string_view topic, json::object body) {
  publish(std::string(topic), {}, std::move(body));
}

void Courier::ask(std::string_view topic, json::object question, const std::vector<std::string>& nodes,
                  Milliseconds deadline, Done done) {
  if (nodes.empty()) return done({});
  const std::string id = random_token(random_, kIdBytes);
  {
    const std::scoped_lock lock(mutex_);
    if (!stopped_ && questions_.size() < kMostQuestions)
      questions_.emplace(id, Question{nodes, {}, std::exchange(done, nullptr), home_.clock().now()});
  }
  if (done) {  // it does not wait
    unanswered_.add(nodes.size());
    return done({{}, nodes});
  }
  publish(std::string(topic), id, std::move(question));
  home_.post([this, id, deadline] {
    auto timer = std::make_unique<net::CallbackTimer>([this, id] {
      home_.post([this, id] { timers_.erase(id); });  // it is running
      finish(id);
    });
    home_.arm(*timer, deadline);
    timers_.emplace(id, std::move(timer));
  });
}

void Courier::take_answer(const std::string& node, const Letter& letter) {
  {
    const std::scoped_lock lock(mutex_);
    const auto found = questions_.find(letter.id);
    if (found == questions_.end()) return;  // too late
    Question& question = found->second;
    if (std::erase(question.waiting, node) == 0) return;
    question.answers.from.emplace_back(node, letter.body);
    seconds_.observe(std::chrono::duration<double>(home_.clock().now() - question.asked).count());
    if (!question.waiting.empty()) return;
  }
  finish(letter.id);
  home_.post([this, id = letter.id] { timers_.erase(id); });
}

void Courier::finish(const std::string& id) {
  Question question;
  {
    const std::scoped_lock lock(mutex_);
    const auto found = questions_.find(id);
    if (found == questions_.end()) return;
    question = std::move(found->second);
    questions_.erase(found);
  }
  unanswered_.add(question.waiting.size());
  question.answers.missing = std::move(question.waiting);
  question.done(std::move(question.answers));
}

}  // namespace togglecast::nodes
