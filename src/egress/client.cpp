#include "egress/client.hpp"

#include <pthread.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <deque>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include "base/jitter.hpp"
#include "egress/transfers.hpp"
#include "egress/url.hpp"

namespace togglecast::egress {
namespace {

constexpr Milliseconds kIdle{60'000};  // a wake-up ends it
constexpr std::size_t kMostServers = 1'000;

// What became of a request: a label of the metrics.
enum class Outcome : std::uint8_t {
  ok,
  http_error,
  refused,
  timeout,
  too_large,
  rate_limited,
  breaker_open,
  unavailable,
};
constexpr std::array<std::string_view, 8> kOutcomes{
    "ok", "http_error", "refused", "timeout", "too_large", "rate_limited", "breaker_open", "unavailable"};

Outcome outcome_of(const Result<Response>& answer) {
  if (answer) return answer->status >= 200 && answer->status < 300 ? Outcome::ok : Outcome::http_error;
  switch (answer.error().code) {
    case Errc::invalid_argument:
    case Errc::forbidden:
      return Outcome::refused;
    case Errc::timeout:
      return Outcome::timeout;
    case Errc::payload_too_large:
      return Outcome::too_large;
    case Errc::rate_limited:
      return Outcome::rate_limited;
    case Errc::parse_error:
    case Errc::not_found:
    case Errc::already_exists:
    case Errc::conflict:
    case Errc::unauthenticated:
    case Errc::token_invalid:
    case Errc::token_expired:
    case Errc::revoked:
    case Errc::unavailable:
    case Errc::internal:
      break;
  }
  return Outcome::unavailable;
}

// Whether the server, or the way to it, has a fault.
bool is_fault(const Result<Response>& answer) {
  constexpr int kServerErrors = 500;
  if (answer) return answer->status >= kServerErrors;
  return answer.error().code == Errc::timeout || answer.error().code == Errc::unavailable;
}

tl::unexpected<Error> later(Errc code, std::string message, Milliseconds wait) {
  return tl::unexpected(Error{code, std::move(message), {}, wait});
}

bool equal_in_any_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [lower](char x, char y) { return lower(x) == lower(y); });
}

bool is_one_line(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c == '\t' || (c >= ' ' && c != '\x7f'); });
}

Result<void> check_headers(const std::vector<Header>& headers) {
  for (const Header& header : headers)
    if (header.name.empty() || header.name.find(':') != std::string::npos || !is_one_line(header.name) ||
        !is_one_line(header.value))
      return fail(Errc::invalid_argument, "a header of the request is not one line");
  return {};
}

}  // namespace

std::string_view to_string(Purpose purpose) noexcept {
  switch (purpose) {
    case Purpose::jwks:
      return "jwks";
    case Purpose::openid_connect:
      return "openid_connect";
  }
  return "";
}

std::string_view Response::header(std::string_view name) const noexcept {
  const auto found = std::find_if(headers.begin(), headers.end(),
                                  [name](const Header& one) { return equal_in_any_case(one.name, name); });
  return found == headers.end() ? std::string_view() : std::string_view(found->value);
}

class Client::Loop {
 public:
  Loop(Options options, const Clock& clock, observe::Log& log, observe::Metrics& metrics)
      : options_(std::move(options)),
        clock_(clock),
        log_(log),
        jitter_(clock.jitter_seed()),
        open_breakers_(metrics.gauge("togglecast_egress_open_breakers",
                                     "Servers that are not called for a while, because they failed.")) {
    for (std::size_t i = 0; i < kPurposes; ++i) {
      const std::string purpose(to_string(static_cast<Purpose>(i)));
      for (std::size_t k = 0; k < kOutcomes.size(); ++k)
        counts_[i][k] = &metrics.counter("togglecast_egress_requests_total",
                                         "Requests to other servers, by purpose and result.",
                                         {{"purpose", purpose}, {"result", std::string(kOutcomes[k])}});
      durations_[i] =
          &metrics.histogram("togglecast_egress_duration_seconds", "Duration of requests to other servers.",
                             observe::duration_buckets(), {{"purpose", purpose}});
    }
  }
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop() { stop(); }

  [[nodiscard]] Result<Url> readable(std::string_view text) const {
    auto url = parse_url(text);
    if (!url) return url;
    const bool loopback = url->address && kind_of(*url->address) == AddressKind::loopback;
    if (url->plain && !(options_.plain_http_to_loopback && loopback))
      return fail(Errc::invalid_argument, "the URL must begin with https://");
    if (url->address && !options_.addresses.allows(*url->address) &&
        !(options_.plain_http_to_loopback && loopback))
      return fail(Errc::invalid_argument,
                  "the URL must not be called: " + AddressPolicy::refusal(*url->address));
    return url;
  }

  void fetch(Request request, Done done) {
    Job job{std::move(request), std::move(done)};
    const auto refusal = enqueue(job);
    if (refusal) finish(job, tl::unexpected(*refusal));
  }

  void stop() {
    {
      const std::scoped_lock lock(mutex_);
      stopping_ = true;
      if (transfers_ != nullptr) transfers_->wake();
    }
    if (thread_.joinable()) thread_.join();
  }

 private:
  struct Job {
    Request request;
    Done done;
  };
  struct Server {
    Breaker breaker;
    TokenBucket rate;
  };

  // The job is taken, unless an error is answered.
  std::optional<Error> enqueue(Job& job) {
    const std::scoped_lock lock(mutex_);
    if (stopping_) return stopped();
    if (waiting_.size() >= options_.waiting)
      return Error{
          Errc::unavailable, "too many requests to other servers wait already", {}, std::chrono::seconds{1}};
    waiting_.push_back(std::move(job));
    if (transfers_ == nullptr) {
      transfers_ = std::make_unique<Transfers>(options_);
      thread_ = std::thread([this] { run(); });
    }
    transfers_->wake();
    return std::nullopt;
  }

  static Error stopped() { return {Errc::unavailable, "the server is stopping", {}}; }

  void run() {
    // With CURLOPT_NOSIGNAL, that is left to us: a TLS connection that a server cuts would raise it.
    sigset_t pipes;
    sigemptyset(&pipes);
    sigaddset(&pipes, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipes, nullptr);
    for (;;) {
      bool stopping = false;
      std::deque<Job> taken = take_waiting(stopping);
      if (stopping) {
        transfers_->abort(stopped());
        for (const Job& job : taken) finish(job, tl::unexpected(stopped()));
        return;
      }
      for (Job& job : taken) begin(std::move(job));
      transfers_->run(kIdle);
    }
  }

  // The first ones for which there is room; all of them when the client stops.
  std::deque<Job> take_waiting(bool& stopping) {
    const std::scoped_lock lock(mutex_);
    stopping = stopping_;
    if (stopping) return std::exchange(waiting_, {});
    std::deque<Job> taken;
    auto used = under_way_;
    const std::size_t room = options_.at_once - std::min(options_.at_once, transfers_->under_way());
    for (auto job = waiting_.begin(); job != waiting_.end() && taken.size() < room;) {
      std::size_t& of_purpose = used[static_cast<std::size_t>(job->request.purpose)];
      if (of_purpose >= options_.of_one_purpose) {
        ++job;
        continue;
      }
      ++of_purpose;
      taken.push_back(std::move(*job));
      job = waiting_.erase(job);
    }
    return taken;
  }

  void begin(Job job) {
    const auto url = readable(job.request.url);
    if (!url) return finish(job, tl::unexpected(url.error()));
    if (const auto ok = check_headers(job.request.headers); !ok)
      return finish(job, tl::unexpected(ok.error()));
    const TimePoint now = clock_.now();
    Server& server = server_of(url->server, now);
    if (const auto wait = server.rate.take(options_.per_host, now); wait.count() > 0)
      return finish(job, later(Errc::rate_limited, "too many requests to " + url->server, wait));
    if (const auto wait = server.breaker.admit(now); wait.count() > 0) {
      count(job.request.purpose, Outcome::breaker_open);
      return job.done(later(Errc::unavailable,
                            url->server + " failed again and again; it is called again in a moment", wait));
    }
    Request request = std::move(job.request);
    const Purpose purpose = request.purpose;
    ++under_way_[static_cast<std::size_t>(purpose)];
    transfers_->start(std::move(request), *url,
                      [this, purpose, name = url->server, begun = now,
                       done = std::move(job.done)](Result<Response> answer) {
                        --under_way_[static_cast<std::size_t>(purpose)];
                        ended(name, answer);
                        durations_[static_cast<std::size_t>(purpose)]->observe(
                            std::chrono::duration<double>(clock_.now() - begun).count());
                        count(purpose, outcome_of(answer));
                        if (answer) answer->fetched_at = clock_.wall_now();
                        done(std::move(answer));
                      });
  }

  // The breaker of the server learns how it went.
  void ended(const std::string& name, const Result<Response>& answer) {
    const TimePoint now = clock_.now();
    Breaker& breaker = server_of(name, now).breaker;
    const bool known = answer.has_value() || is_fault(answer);
    if (!known) {
      breaker.abandoned();
    } else if (!is_fault(answer)) {
      if (breaker.succeeded()) {
        open_breakers_.add(-1);
        log_.info("a server answers again", {{"server", name}});
      }
    } else if (breaker.failed(options_.breaker, now, jitter_)) {
      open_breakers_.add();
      const std::string reason =
          answer ? "it answered " + std::to_string(answer->status) : answer.error().message;
      log_.warn("a server fails again and again, and is left alone for a while",
                {{"server", name}, {"reason", reason}});
    } else if (!answer) {
      log_.debug("a request to a server failed", {{"server", name}, {"reason", answer.error().message}});
    }
  }

  Server& server_of(const std::string& name, TimePoint now) {
    if (servers_.size() >= kMostServers && !servers_.contains(name))
      std::erase_if(servers_, [&](const auto& entry) {
        return entry.second.breaker.state(now) == Breaker::State::closed && entry.second.rate.full(now);
      });
    return servers_[name];
  }

  void count(Purpose purpose, Outcome outcome) {
    counts_[static_cast<std::size_t>(purpose)][static_cast<std::size_t>(outcome)]->add();
  }
  void finish(const Job& job, Result<Response> answer) {
    count(job.request.purpose, outcome_of(answer));
    job.done(std::move(answer));
  }

  const Options options_;
  const Clock& clock_;
  observe::Log& log_;
  Jitter jitter_;
  std::array<std::array<observe::Counter*, kOutcomes.size()>, kPurposes> counts_{};
  std::array<observe::Histogram*, kPurposes> durations_{};
  observe::Gauge& open_breakers_;

  std::mutex mutex_;  // of the next two, and of the beginning of the others
  std::deque<Job> waiting_;
  bool stopping_ = false;
  std::unique_ptr<Transfers> transfers_;
  std::map<std::string, Server> servers_;  // only the thread touches it, and the next one
  std::array<std::size_t, kPurposes> under_way_{};
  std::thread thread_;
};

Client::Client(Options options, const Clock& clock, observe::Log& log, observe::Metrics& metrics)
    : loop_(std::make_unique<Loop>(std::move(options), clock, log, metrics)) {}
Client::~Client() = default;

void Client::fetch(Request request, Done done) { loop_->fetch(std::move(request), std::move(done)); }
Result<void> Client::check_url(std::string_view url) const {
  return loop_->readable(url).map([](const Url&) {});
}
void Client::stop() { loop_->stop(); }

}  // namespace togglecast::egress
