#include "observe/log.hpp"

#include <unistd.h>

#include <atomic>
#include <mutex>

#include "observe/log_line.hpp"
#include "observe/log_queue.hpp"
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

  void put(Level of, std::string line) {
    if (queue != nullptr) return queue->push({of, std::move(line)});
    const std::scoped_lock lock(mutex);
    sink(line);
  }

  std::atomic<Level> level;
  bool json;
  SystemClock system_clock;
  const Clock* clock = &system_clock;
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

Log::~Log() = default;

void Log::write(Level level, std::string_view message, Fields fields) {
  if (level == Level::off || !enabled(level)) return;
  impl_->put(level, line_of(impl_->json, impl_->clock->wall_now(), level, message, fields));
}

bool Log::enabled(Level level) const noexcept {
  return level >= impl_->level.load(std::memory_order_relaxed);
}

void Log::set_level(Level level) noexcept { impl_->level.store(level, std::memory_order_relaxed); }

bool Log::drain(Milliseconds longest) { return impl_->queue == nullptr || impl_->queue->drain(longest); }

std::uint64_t Log::left_out() const { return impl_->queue == nullptr ? 0 : impl_->queue->left_out(); }

}  // namespace togglecast::observe
