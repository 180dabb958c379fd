#include "observe/log.hpp"

#include <unistd.h>

#include <atomic>
#include <mutex>

#include "observe/limit_lines.hpp"
#include "observe/log_line.hpp"
#include "observe/log_queue.hpp"
#include "observe/peer_lines.hpp"
#include "observe/stderr_printer.hpp"

namespace togglecast::observe {
namespace {

std::string line_of(bool as_json, UnixMillis at, Level level, std::string_view message, Log::Fields fields) {
  return as_json ? json_line(at, level, message, fields) : text_line(at, level, message, fields);
}

LogQueue::Line describe_gap(bool as_json, std::uint64_t left_out) {
  return {Level::warn,
          line_of(as_json, SystemClock().wall_now(), Level::warn,
                  "lines of the log were left out because its reader had stopped", {{"count", left_out}})};
}

LogQueue::Line describe_left_out(bool as_json, UnixMillis at, const PeerLines::Summary& left_out) {
  return {Level::warn, line_of(as_json, at, Level::warn, "lines that peers caused were left out of the log",
                               {{"count", left_out.count}, {"kinds", left_out.kinds}})};
}

}  // namespace

std::string_view to_string(Level level) noexcept {
  switch (level) {
    case Level::debug:
      return "debug";
    case Level::info:
      return "info";
    case Level::warn:
      return "warn";
    case Level::error:
      return "error";
    case Level::off:
      return "off";
  }
  return "off";
}

std::optional<Level> parse_level(std::string_view text) noexcept {
  for (const Level level : {Level::debug, Level::info, Level::warn, Level::error, Level::off})
    if (text == to_string(level)) return level;
  return std::nullopt;
}

struct Log::Impl {
  Impl(Level least, bool as_json) : level(least), json(as_json) {}

  void put(LogQueue::Line line) {
    if (queue != nullptr) return queue->push(std::move(line));
    const std::scoped_lock lock(mutex);
    sink(line.text);
  }

  void put_summary(const std::optional<PeerLines::Summary>& left_out) {
    if (left_out) put(describe_left_out(json, clock->wall_now(), *left_out));
  }

  // The thread of the queue tells what was left out, also when nobody writes a line any more.
  void remind() {
    if (queue == nullptr) return;
    queue->push_later(PeerLines::kSummaryDelay,
                      [lines = peer_lines, json = json]() -> std::optional<LogQueue::Line> {
                        const auto left_out = lines->take_summary();
                        if (!left_out) return std::nullopt;
                        return describe_left_out(json, SystemClock().wall_now(), *left_out);
                      });
  }

  std::atomic<Level> level;
  bool json;
  SystemClock system_clock;
  const Clock* clock = &system_clock;
  std::shared_ptr<PeerLines> peer_lines = std::make_shared<PeerLines>();  // the queue may outlive the log
  LimitLines limit_lines;
  std::unique_ptr<LogQueue> queue;  // without one, lines go to `sink`
  std::mutex mutex;
  LineSink sink;
};

Log::Log(LogOptions options) {
  const bool terminal = ::isatty(STDERR_FILENO) == 1;
  const bool as_json =
      options.format == LogFormat::json || (options.format == LogFormat::automatic && !terminal);
  impl_ = std::make_unique<Impl>(options.level, as_json);
  impl_->queue = std::make_unique<LogQueue>(stderr_printer(!as_json), [as_json](std::uint64_t left_out) {
    return describe_gap(as_json, left_out);
  });
}

Log::Log(LogOptions options, LineSink sink, const Clock& clock)
    : impl_(std::make_unique<Impl>(options.level, options.format != LogFormat::text)) {
  impl_->clock = &clock;
  impl_->sink = std::move(sink);
}

Log::~Log() { impl_->put_summary(impl_->peer_lines->take_summary()); }

void Log::write(Level level, std::string_view message, Fields fields) {
  if (level == Level::off || !enabled(level)) return;
  impl_->put({level, line_of(impl_->json, impl_->clock->wall_now(), level, message, fields)});
}

void Log::write_for_peer(Level level, std::string_view message, Fields fields) {
  if (level == Level::off || !enabled(level)) return;
  const TimePoint now = impl_->clock->now();
  impl_->put_summary(impl_->peer_lines->take_due_summary(now));
  switch (impl_->peer_lines->judge(message, now)) {
    case PeerLines::Verdict::write:
      return write(level, message, fields);
    case PeerLines::Verdict::leave_out_first:
      return impl_->remind();
    case PeerLines::Verdict::leave_out:
      return;
  }
}

void Log::write_for_limit(std::string_view limit, const Field& who) {
  if (!enabled(Level::warn)) return;
  const auto times = impl_->limit_lines.judge(limit, impl_->clock->now());
  if (times) write(Level::warn, "limit passed", {{"limit", limit}, {"times", *times}, who});
}

bool Log::enabled(Level level) const noexcept {
  return level >= impl_->level.load(std::memory_order_relaxed);
}

void Log::set_level(Level level) noexcept { impl_->level.store(level, std::memory_order_relaxed); }

bool Log::drain(Milliseconds longest) {
  impl_->put_summary(impl_->peer_lines->take_summary());
  return impl_->queue == nullptr || impl_->queue->drain(longest);
}

std::uint64_t Log::left_out() const { return impl_->queue == nullptr ? 0 : impl_->queue->left_out(); }

std::uint64_t Log::peer_lines_left_out() const noexcept { return impl_->peer_lines->left_out(); }

}  // namespace togglecast::observe
