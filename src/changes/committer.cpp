#include "changes/committer.hpp"

#include <exception>
#include <new>
#include <utility>

#include "changes/worker_pool.hpp"

namespace togglecast::changes {
namespace {

// `work`'s result, or an error when not even its own error handling had memory.
template <typename Work>
auto guarded(Work&& work) noexcept -> decltype(work()) {
  try {
    return work();
  } catch (...) {
    return tl::unexpected(Error{Errc::unavailable, "out of memory", {}});  // short: needs no memory
  }
}

}  // namespace

Committer::Committer(storage::Store& store, const ReadModel& model, Tail& tail, const Clock& clock,
                     observe::Log& log, observe::Metrics& metrics, const CommitterOptions& options)
    : store_(store),
      log_(log),
      queue_bound_(options.queue),
      refused_(metrics.counter("togglecast_writes_refused_total", "Writes refused because too many waited.")),
      answers_failed_(metrics.counter("togglecast_write_answers_failed_total",
                                      "Answers to writes that their receiver could not take.")),
      waiting_(metrics.gauge("togglecast_writes_waiting", "Writes that wait for the committer.")),
      pipeline_(store, model, tail, clock, log, metrics, options.pipeline) {}

Result<Written> Committer::perform(const WriteRequest& request) { return pipeline_.write(request); }

void Committer::start() {
  thread_ = std::thread([this] { run(); });
}

void Committer::submit(WriteRequest request, Done done) {
  Job job = Write{std::move(request), std::move(done)};
  if (enqueue(job)) return;
  answer<Written>(std::get<Write>(job).done, busy("too many changes are waiting to be written; try again"));
}

void Committer::add_environment(std::string key, const Sha256& genesis, EnvironmentDone done) {
  Job job = NewEnvironment{std::move(key), genesis, std::move(done)};
  if (enqueue(job)) return;
  answer<void>(std::get<NewEnvironment>(job).done,
               busy("too many changes are waiting to be written; try again"));
}

bool Committer::submit_task(StoreTask task) {
  Job job = std::move(task);
  return enqueue(job);
}

bool Committer::enqueue(Job& job) {
  {
    const std::scoped_lock lock(mutex_);
    if (!stopping_ && jobs_.size() < queue_bound_) {
      jobs_.push_back(std::move(job));
      waiting_.set(static_cast<std::int64_t>(jobs_.size()));
      wake_.notify_one();
      return true;
    }
  }
  refused_.add();
  return false;
}

void Committer::stop() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Committer::prune(const std::string& environment, domain::Revision until) {
  {
    const std::scoped_lock lock(mutex_);
    prunings_.insert_or_assign(environment, until);
  }
  wake_.notify_one();
}

void Committer::run() {
  for (;;) {
    std::optional<Job> job;
    {
      std::unique_lock lock(mutex_);
      wake_.wait_until(lock, pipeline_.watch().due(),
                       [this] { return stopping_ || !jobs_.empty() || !prunings_.empty(); });
      if (stopping_ && jobs_.empty()) return;
      job = next_job();
    }
    if (job) std::visit([this](const auto& one) { carry_out(one); }, *job);
    pipeline_.watch().look_if_due();
  }
}

std::optional<Committer::Job> Committer::next_job() {
  const bool turn_to_prune = jobs_.empty() || writes_since_prune_step_ >= kWritesPerPruneStep;
  if (turn_to_prune && !prunings_.empty() && !stopping_) {
    writes_since_prune_step_ = 0;
    const auto& [environment, until] = *prunings_.begin();
    return PruneStep{environment, until};
  }
  if (jobs_.empty()) return std::nullopt;
  Job job = std::move(jobs_.front());
  jobs_.pop_front();
  ++writes_since_prune_step_;
  if (auto* write = std::get_if<Write>(&job); write != nullptr && !write->request.fence)
    job = with_those_behind(std::move(*write));
  waiting_.set(static_cast<std::int64_t>(jobs_.size()));
  return job;
}

void Committer::carry_out(const Write& job) noexcept {
  answer(job.done, guarded([&] { return pipeline_.write(job.request); }));
}

Committer::Job Committer::with_those_behind(Write first) {
  const auto fits = [&first](const Job& job) {
    const auto* next = std::get_if<Write>(&job);
    return next != nullptr && !next->request.fence && next->request.environment == first.request.environment;
  };
  std::size_t more = 0;
  while (more + 1 < kWritesTogether && more < jobs_.size() && fits(jobs_[more])) ++more;
  Writes all;
  try {
    if (more > 0) all.reserve(more + 1);
  } catch (const std::bad_alloc&) {
    more = 0;
  }
  if (more == 0) return first;
  all.push_back(std::move(first));
  for (; more > 0; --more) {
    all.push_back(std::get<Write>(std::move(jobs_.front())));
    jobs_.pop_front();
    ++writes_since_prune_step_;
  }
  return all;
}

void Committer::carry_out(const Writes& job) noexcept {
  std::vector<Result<Written>> answers;
  std::ignore = guarded([&]() -> Result<void> {
    answers.reserve(job.size());
    std::vector<const WriteRequest*> requests;
    for (const Write& write : job) requests.push_back(&write.request);
    pipeline_.write(requests, answers);
    return {};
  });
  for (std::size_t i = 0; i < job.size(); ++i) {
    const bool answered = i < answers.size();
    const auto no_memory = [] {
      return Result<Written>(tl::unexpected(Error{Errc::unavailable, "out of memory", {}}));
    };
    answer(job[i].done, answered ? std::move(answers[i]) : no_memory());
  }
}

void Committer::carry_out(const NewEnvironment& job) noexcept {
  answer(job.done, guarded([&] { return pipeline_.make_environment(job.key, job.genesis); }));
}

void Committer::carry_out(const PruneStep& job) noexcept {
  if (pipeline_.prune(job.environment, job.until)) return;
  const std::scoped_lock lock(mutex_);
  const auto pruning = prunings_.find(job.environment);
  if (pruning != prunings_.end() && pruning->second == job.until) prunings_.erase(pruning);
}

void Committer::carry_out(const StoreTask& task) noexcept {
  const auto failed = [this](const char* what) {
    std::ignore = guarded([&]() -> Result<void> {
      log_.error("work on the store failed", {{"reason", what}});
      return {};
    });
  };
  try {
    task(store_);
  } catch (const std::exception& error) {
    failed(error.what());
  } catch (...) {
    failed("an unknown exception");
  }
}

template <typename T>
void Committer::answer(const std::function<void(Result<T>)>& done, Result<T> result) noexcept {
  try {
    done(std::move(result));
  } catch (const std::exception& error) {
    answer_failed(error.what());
  } catch (...) {
    answer_failed("an unknown exception");
  }
}

void Committer::answer_failed(const char* message) noexcept {
  answers_failed_.add();
  std::ignore = guarded([&]() -> Result<void> {
    log_.error("the answer to a write could not be delivered", {{"reason", message}});
    return {};
  });
}

}  // namespace togglecast::changes
