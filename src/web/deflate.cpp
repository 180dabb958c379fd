#include "web/deflate.hpp"

#include <algorithm>
#include <utility>

#include "wire/websocket/deflate_offer.hpp"

namespace togglecast::web {
namespace {

namespace ws = wire::websocket;

constexpr std::size_t kRemembered = 1024;  // frames a turn and window: more than one batch has
constexpr std::size_t kAtOnce = 64 * 1024;
constexpr std::size_t kStep = 16 * 1024;  // between two looks at the clock
constexpr std::size_t kMostWaiting =
    16 * 1024 * 1024;  // beside the first frame, which may be as large as it is
constexpr Milliseconds kLongestSlice{1};

}  // namespace

const SharedBytes* Deflate::frame_for(unsigned window_bits, const SharedBytes& frames) {
  if (frames.size() < options_.threshold) return &frames;
  if (frames.size() > kAtOnce && ws::whole_data_frame(frames.view())) {
    if (jobs_.empty() || job_bytes_ + frames.size() <= kMostWaiting ||
        job_for(window_bits, frames) != nullptr)
      return nullptr;
    net::ShardCounters::add(counters_.hurried, 1);
    return &frames;
  }
  Window& window = windows_[window_bits - kLeastWindow];
  if (const SharedBytes* known = find(window, frames)) return known;
  SharedBytes sent = compress(window, window_bits, frames);
  if (!clearing_) {
    clearing_ = true;
    shard_.at_turn_end([this] {
      clearing_ = false;
      for (auto& each : windows_) each.made = {};
    });
  }
  if (window.made.size() == kRemembered) window.made.clear();
  window.made.push_back({frames, std::move(sent)});
  window.expected = 0;
  return &window.made.back().sent;
}

Deflate::Job* Deflate::job_for(unsigned window_bits, const SharedBytes& frames) noexcept {
  const auto found = std::find_if(jobs_.begin(), jobs_.end(), [&](const Job& job) {
    return job.window_bits == window_bits && job.plain.same_as(frames);
  });
  return found == jobs_.end() ? nullptr : &*found;
}

void Deflate::compress_later(unsigned window_bits, const SharedBytes& frames, DeflateWaiter& waiter) {
  if (Job* job = job_for(window_bits, frames)) {
    job->waiters.push_back(&waiter);
    return;
  }
  jobs_.push_back({window_bits, frames, {&waiter}});
  job_bytes_ += frames.size();
  post();
}

void Deflate::forget(DeflateWaiter& waiter) noexcept {
  std::erase(telling_, &waiter);
  for (auto job = jobs_.begin(); job != jobs_.end(); ++job) {
    if (std::erase(job->waiters, &waiter) == 0) continue;
    if (job->waiters.empty()) drop(job);
    return;
  }
}

void Deflate::drop(std::deque<Job>::iterator job) noexcept {
  if (job == jobs_.begin()) large_.reset();
  job_bytes_ -= job->plain.size();
  jobs_.erase(job);
}

std::optional<SharedBytes> Deflate::compress_some(const Job& job) {
  const TimePoint end = shard_.clock().now() + kLongestSlice;
  const auto frame = ws::whole_data_frame(job.plain.view());
  if (!large_) {
    large_.emplace(static_cast<int>(job.window_bits), options_.level);
    large_->begin(frame->payload);
  }
  while (!large_->step(kStep))
    if (shard_.clock().now() >= end) return std::nullopt;
  return finished(job.plain, *frame, large_->result());
}

void Deflate::go_on() {
  posted_ = false;
  if (jobs_.empty()) return;
  std::optional<SharedBytes> sent = jobs_.front().plain;  // if memory runs out
  (void)shard_.attempt([&] { sent = compress_some(jobs_.front()); });
  if (!sent) return post();
  net::ShardCounters::add(counters_.reused, jobs_.front().waiters.size() - 1);
  telling_ = std::move(jobs_.front().waiters);
  drop(jobs_.begin());
  if (!jobs_.empty()) post();
  while (!telling_.empty()) {
    DeflateWaiter* const waiter = telling_.back();
    telling_.pop_back();
    (void)shard_.attempt([&] { waiter->deflated(*sent); });
  }
}

void Deflate::post() {
  if (std::exchange(posted_, true)) return;
  shard_.at_turn_end([this] { shard_.post([this] { go_on(); }); });  // not in this turn again
}

const SharedBytes* Deflate::find(Window& window, const SharedBytes& frames) noexcept {
  const std::size_t count = window.made.size();
  for (std::size_t tried = 0; tried < count; ++tried) {
    const std::size_t at = (window.expected + tried) % count;
    const Made& made = window.made[at];
    if (!made.plain.same_as(frames)) continue;
    window.expected = at + 1;
    if (!made.sent.same_as(frames)) net::ShardCounters::add(counters_.reused, 1);
    return &made.sent;
  }
  return nullptr;
}

SharedBytes Deflate::compress(Window& window, unsigned bits, const SharedBytes& frames) {
  const auto frame = ws::whole_data_frame(frames.view());
  if (!frame || frame->payload.size() < options_.threshold) return frames;
  if (!window.deflater) window.deflater.emplace(static_cast<int>(bits), options_.level);
  return finished(frames, *frame, window.deflater->deflate(frame->payload));
}

SharedBytes Deflate::finished(const SharedBytes& frames, const ws::DataFrame& frame,
                              std::string_view payload) {
  if (payload.empty()) {
    net::ShardCounters::add(counters_.declined, 1);
    return frames;
  }
  net::ShardCounters::add(counters_.compressed, 1);
  net::ShardCounters::add(counters_.bytes_before, frame.payload.size());
  net::ShardCounters::add(counters_.bytes_after, payload.size());
  return ws::encode_compressed(frame.opcode, payload);
}

AgreedDeflate agree(Deflate& deflate, const wire::http::Request& request) {
  if (!deflate.options().enabled) return {};
  for (const auto& [name, value] : request.headers.fields()) {
    if (!wire::http::Headers::same_name(name, "Sec-WebSocket-Extensions")) continue;
    if (const auto agreed = ws::accept_deflate_offer(value))
      return {&deflate, agreed->window_bits, agreed->limited};
  }
  return {};
}

}  // namespace togglecast::web
