#include "app/drain.hpp"

#include <algorithm>
#include <thread>

#include "app/process/metrics_export.hpp"

namespace togglecast::app {
namespace {

constexpr Milliseconds kPerSession{1};
constexpr Milliseconds kLook{10};
constexpr Milliseconds kLeastBetweenLines{1'000};
constexpr int kLines = 4;  // on the way

double in_seconds(TimePoint::duration time) { return std::chrono::duration<double>(time).count(); }

}  // namespace

Milliseconds drain_window(std::uint64_t sessions) noexcept {
  if (sessions <= 1) return Milliseconds{0};
  const auto most = static_cast<std::uint64_t>(kLongestOwnWindow / kPerSession);
  return kPerSession * static_cast<Milliseconds::rep>(std::min(sessions, most));
}

Drain::SentAway Drain::sent_away() const {
  using engineio::TransportKind;
  return {sessions_sent_away(io_.engine(), TransportKind::websocket),
          sessions_sent_away(io_.engine(), TransportKind::polling)};
}

std::uint64_t Drain::open_connections() const { return open_sessions(io_.engine()) + streams_.open(); }

void Drain::wait(Milliseconds wait) {
  http_.stop_keeping_alive();
  if (wait == Milliseconds{0}) return;
  log_.info("draining: /readyz says no, and balancers have time to look elsewhere",
            {{"seconds", in_seconds(wait)}, {"sessions", open_sessions(io_.engine())}});
  std::this_thread::sleep_for(wait);
}

void Drain::send_away(Milliseconds window) {
  began_ = clock_.now();
  http_.refuse_newcomers();
  const std::uint64_t sessions = open_sessions(io_.engine());
  streams_at_first_ = streams_.open();
  log_.info("draining: no new sessions, and clients are sent away to come back",
            {{"sessions", sessions},
             {"streams", streams_at_first_},
             {"http_connections", http_.counters().open_connections.load()},
             {"seconds", in_seconds(window)}});
  streams_.send_away(window);
  io_.send_away(window, wire::websocket::CloseCode::service_restart);

  const TimePoint over = began_ + window;
  const Milliseconds between = std::max(window / kLines, kLeastBetweenLines);
  TimePoint next_line = began_ + between;
  for (TimePoint now = began_; now < over + kLastPolls && open_connections() > 0; now = clock_.now()) {
    std::this_thread::sleep_for(kLook);
    if (now < next_line || now >= over) continue;
    next_line += between;
    const SentAway so_far = sent_away();
    log_.info("draining goes on", {{"sent_away", so_far.websockets + so_far.polling},
                                   {"sessions", open_sessions(io_.engine())},
                                   {"seconds_left", in_seconds(over - now)}});
  }
  shards_.stop_listening();
  cut_sessions_ = open_sessions(io_.engine());
  io_.close(wire::websocket::CloseCode::service_restart);
  streams_.close_all();
}

void Drain::finish() {
  http_.drain();
  const std::uint64_t cut = wait_for_answers(kLastAnswers);
  const SentAway all = sent_away();
  const bool clean = cut == 0 && cut_sessions_ == 0;
  log_.write(clean ? observe::Level::info : observe::Level::warn,
             clean ? "drained" : "drained; what had not ended in time is closed",
             {{"websockets", all.websockets},
              {"polling", all.polling},
              {"streams", streams_at_first_},
              {"polling_not_told", cut_sessions_},
              {"http_connections_cut", cut},
              {"seconds", in_seconds(clock_.now() - began_)}});
}

std::uint64_t Drain::wait_for_answers(Milliseconds longest) const {
  const TimePoint latest = clock_.now() + longest;
  const auto open = [this] { return http_.counters().open_connections.load(); };
  while (open() > 0 && clock_.now() < latest) std::this_thread::sleep_for(kLook);
  return open();
}

}  // namespace togglecast::app
