#include "adapters/questions.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "adapters/channel.hpp"

namespace togglecast::adapters {

void Question::at_home(std::function<void()> task) {
  if (home_.is_current()) {
    task();
  } else {
    home_.post([keep = shared_from_this(), task = std::move(task)] { task(); });
  }
}

void Question::start(Milliseconds timeout, std::function<void()> forget) {
  forget_ = std::move(forget);
  at_home([this, timeout] {
    if (settled_) return;
    timer_ = std::make_unique<net::CallbackTimer>([self = shared_from_this()] { self->time_out(); });
    home_.arm(*timer_, timeout);
  });
}

bool Question::settle() {
  if (std::exchange(settled_, true)) return false;
  const auto keep = shared_from_this();
  if (timer_ != nullptr) timer_->cancel();
  const auto timer = std::exchange(timer_, nullptr);  // it holds the question
  if (const auto forget = std::exchange(forget_, nullptr)) forget();
  return true;
}

void AckQuestion::hear(Body answer) {
  if (const auto* count = std::get_if<ClientCountAnswer>(&answer)) {
    ++servers_heard_;
    clients_ += count->clients;
  } else if (auto* client = std::get_if<ClientAnswer>(&answer)) {
    answers_.answers.push_back(std::move(client->answer));
  }
  check();
}

void AckQuestion::count(Result<std::size_t> servers) {
  if (!servers) return;
  servers_ = std::max<std::size_t>(*servers, 1);  // this one may not be listening yet
  check();
}

// A server that joined meanwhile may answer, too.
void AckQuestion::check() {
  if (servers_ && servers_heard_ >= *servers_ && answers_.answers.size() >= clients_) finish(false);
}

void AckQuestion::finish(bool timed_out) {
  const auto keep = shared_from_this();
  if (!settle()) return;
  answers_.timed_out = timed_out;
  std::exchange(done_, nullptr)(std::move(answers_));
}

template <>
void PartsQuestion<std::vector<RemoteSocket>>::hear(Body answer) {
  auto* part = std::get_if<SocketsAnswer>(&answer);
  if (part == nullptr) return;
  std::move(part->sockets.begin(), part->sockets.end(), std::back_inserter(parts_));
  if (++heard_ >= expected_) finish(std::move(parts_));
}

template <>
void PartsQuestion<std::vector<Arguments>>::hear(Body answer) {
  auto* part = std::get_if<ServerAnswer>(&answer);
  if (part == nullptr) return;
  parts_.push_back(std::move(part->answer));
  if (++heard_ >= expected_) finish(std::move(parts_));
}

template <typename T>
void PartsQuestion<T>::count(Result<std::size_t> servers) {
  if (!servers) {
    finish(fail(Errc::unavailable,
                "the other servers of the cluster cannot be asked: " + servers.error().message));
  } else if (*servers <= 1) {
    finish(std::move(parts_));
  } else {
    expected_ = *servers - 1;
    ask_();
  }
}

template <typename T>
void PartsQuestion<T>::finish(Result<T> result) {
  const auto keep = shared_from_this();
  if (!settle()) return;
  std::exchange(done_, nullptr)(std::move(result));
}

template <typename T>
void PartsQuestion<T>::time_out() {
  finish(fail(Errc::timeout, expected_ == 0 ? "Redis did not say in time how many servers there are"
                                            : std::to_string(heard_) + " of " + std::to_string(expected_) +
                                                  " other servers answered in time"));
}

template class PartsQuestion<std::vector<RemoteSocket>>;
template class PartsQuestion<std::vector<Arguments>>;

std::optional<std::string> Questions::add(const std::shared_ptr<Question>& question, Milliseconds timeout) {
  std::string id = random_hex(8);
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() >= kMost) return std::nullopt;
    waiting_.emplace(id, question);
  }
  question->start(timeout, [weak = weak_from_this(), id] {
    const auto table = weak.lock();
    if (table == nullptr) return;
    const std::lock_guard lock(table->mutex_);
    table->waiting_.erase(id);
  });
  return id;
}

void Questions::hear(const std::string& request_id, Body answer) {
  std::shared_ptr<Question> question;
  {
    const std::lock_guard lock(mutex_);
    const auto found = waiting_.find(request_id);
    if (found == waiting_.end()) return;
    question = found->second;
  }
  auto shared = std::make_shared<Body>(std::move(answer));
  question->at_home([question, shared] { question->hear(std::move(*shared)); });
}

}  // namespace togglecast::adapters
