#include "realtime/telemetry/rate_sampler.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace togglecast::realtime {
namespace {

constexpr Milliseconds kSampleInterval{1'000};

TimePoint now() { return std::chrono::steady_clock::now(); }
double rounded(double number) { return std::round(number * 1'000) / 1'000; }

}  // namespace

RateSampler::RateSampler(net::ShardPool& shards, std::vector<Source> sources)
    : shards_(shards), sources_(std::move(sources)), timer_([this] { sample(); }), lags_(shards.size()) {
  moments_.push_back(read());
}

void RateSampler::start() {
  shards_.at(0).post([this] { shards_.at(0).arm_exactly(timer_, kSampleInterval); });
}

RateSampler::Moment RateSampler::read() const {
  Moment moment{now(), {}};
  moment.counts.reserve(sources_.size());
  for (const auto& [name, count] : sources_) moment.counts.push_back(count());
  return moment;
}

void RateSampler::sample() {
  shards_.at(0).arm_exactly(timer_, kSampleInterval);
  {
    Moment moment = read();
    const std::scoped_lock lock(mutex_);
    moments_.push_back(std::move(moment));
    if (moments_.size() > kKept) moments_.pop_front();
  }
  shards_.post_to_all([this, posted = now()](const net::Shard& shard) {
    const double waited = std::chrono::duration<double, std::milli>(now() - posted).count();
    const std::scoped_lock lock(mutex_);
    auto& lags = lags_[shard.index()];
    lags.push_back(waited);
    if (lags.size() >= kKept) lags.pop_front();
  });
}

json::object RateSampler::rates() const {
  const Moment present = read();
  const std::scoped_lock lock(mutex_);
  const Moment& past = moments_.front();
  const double seconds = std::chrono::duration<double>(present.at - past.at).count();
  json::object out;
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    const std::uint64_t grown = present.counts[i] - past.counts[i];
    out[sources_[i].first] = {
        {"total", present.counts[i]},
        {"last_minute", grown},
        {"per_second", seconds > 0 ? rounded(static_cast<double>(grown) / seconds) : 0.0}};
  }
  return out;
}

double RateSampler::newest_lag() const {
  double worst = 0;
  const std::scoped_lock lock(mutex_);
  for (const auto& lags : lags_)
    if (!lags.empty()) worst = std::max(worst, lags.back());
  return worst;
}

double RateSampler::worst_lag() const {
  double worst = 0;
  const std::scoped_lock lock(mutex_);
  for (const auto& lags : lags_)
    for (const double lag : lags) worst = std::max(worst, lag);
  return worst;
}

json::array RateSampler::lags() const {
  json::array out;
  const std::scoped_lock lock(mutex_);
  for (std::size_t i = 0; i < lags_.size(); ++i) {
    const auto& lags = lags_[i];
    const double worst = lags.empty() ? 0 : *std::max_element(lags.begin(), lags.end());
    out.push_back({{"shard", i},
                   {"lag_ms", lags.empty() ? 0.0 : rounded(lags.back())},
                   {"max_lag_ms", rounded(worst)}});
  }
  return out;
}

}  // namespace togglecast::realtime
