#include "observe/log.hpp"

#include <poll.h>
#include <spdlog/details/null_mutex.h>
#include <spdlog/details/os.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <mutex>

#include "base/json.hpp"
#include "base/utf8.hpp"
#include "observe/log_queue.hpp"

namespace togglecast::observe {
namespace {

spdlog::level::level_enum spdlog_level(Level level) noexcept {
  switch (level) {
    case Level::debug:
      return spdlog::level::debug;
    case Level::info:
      return spdlog::level::info;
    case Level::warn:
      return spdlog::level::warn;
    case Level::error:
      return spdlog::level::err;
    case Level::off:
      return spdlog::level::off;
  }
  return spdlog::level::off;
}

std::string_view color_of(spdlog::level::level_enum level) {
  switch (level) {
    case spdlog::level::debug:
      return "\033[36m";
    case spdlog::level::info:
      return "\033[32m";
    case spdlog::level::warn:
      return "\033[33m\033[1m";
    case spdlog::level::err:
      return "\033[31m\033[1m";
    default:
      return {};
  }
}

// Without the C library's stream, whose lock nobody could take while a write to it is stuck, not even exit().
class StderrSink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t formatted;
    formatter_->format(message, formatted);
    std::string text(formatted.data(), formatted.size());
    if (colored_ && message.color_range_end > message.color_range_start) {
      text.insert(message.color_range_end, "\033[m");
      text.insert(message.color_range_start, color_of(message.level));
    }
    for (std::string_view rest = text; !rest.empty();) {
      const ssize_t written = ::write(STDERR_FILENO, rest.data(), rest.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        pollfd room{STDERR_FILENO, POLLOUT, 0};
        ::poll(&room, 1, -1);
        continue;
      }
      if (written <= 0) return;
      rest.remove_prefix(static_cast<std::size_t>(written));
    }
  }
  void flush_() override {}

  const bool colored_ = ::isatty(STDERR_FILENO) == 1 && spdlog::details::os::is_color_terminal();
};

void append_json_string(std::string& out, std::string_view text) {
  json::append_string(out, is_valid_utf8(text) ? text : std::string_view(replace_invalid_utf8(text)));
}

// Text may be read by a terminal: whatever could move its cursor or end the line is written as an escape.
void append_plain(std::string& out, std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  const std::string clean = replace_invalid_utf8(text);
  for (std::size_t i = 0; i < clean.size(); ++i) {
    const auto byte = static_cast<unsigned char>(clean[i]);
    const bool c1 = byte == 0xc2 && i + 1 < clean.size() && static_cast<unsigned char>(clean[i + 1]) < 0xa0;
    if (byte >= 0x20 && byte != 0x7f && !c1) {
      out += clean[i];
      continue;
    }
    const auto code = c1 ? static_cast<unsigned char>(clean[++i]) : byte;
    out += "\\x";
    out += kDigits[code >> 4];
    out += kDigits[code & 15];
  }
}

bool needs_quotes(std::string_view text) {
  return text.empty() || text.find_first_of(" =\"\\") != std::string_view::npos;
}

void append_text_value(std::string& out, const Field::Value& value) {
  if (const auto* text = std::get_if<std::string_view>(&value)) {
    if (!needs_quotes(*text)) return append_plain(out, *text);
    std::string escaped;
    for (const char c : *text) {
      if (c == '"' || c == '\\') escaped += '\\';
      escaped += c;
    }
    out += '"';
    append_plain(out, escaped);
    out += '"';
  } else if (const auto* number = std::get_if<std::int64_t>(&value)) {
    out += std::to_string(*number);
  } else if (const auto* natural = std::get_if<std::uint64_t>(&value)) {
    out += std::to_string(*natural);
  } else if (const auto* real = std::get_if<double>(&value)) {
    json::append(out, *real);
  } else {
    out += std::get<bool>(value) ? "true" : "false";
  }
}

void append_json_value(std::string& out, const Field::Value& value) {
  if (const auto* text = std::get_if<std::string_view>(&value)) return append_json_string(out, *text);
  append_text_value(out, value);
}

std::string json_line(UnixMillis at, Level level, std::string_view message, Log::Fields fields) {
  std::string line = R"({"time":")" + to_iso8601(at) + R"(","level":")";
  line += to_string(level);
  line += R"(","message":)";
  append_json_string(line, message);
  for (const Field& field : fields) {
    line += ',';
    append_json_string(line, field.key());
    line += ':';
    append_json_value(line, field.value());
  }
  line += '}';
  return line;
}

std::string text_line(UnixMillis at, Level level, std::string_view message, Log::Fields fields) {
  std::string line = to_iso8601(at);
  line += ' ';
  line += to_string(level);
  line.append(6 - to_string(level).size(), ' ');
  append_plain(line, message);
  for (const Field& field : fields) {
    line += ' ';
    append_plain(line, field.key());
    line += '=';
    append_text_value(line, field.value());
  }
  return line;
}

std::string line_of(bool as_json, UnixMillis at, Level level, std::string_view message, Log::Fields fields) {
  return as_json ? json_line(at, level, message, fields) : text_line(at, level, message, fields);
}

LogQueue::Line describe_gap(bool as_json, std::uint64_t left_out) {
  return {Level::warn,
          line_of(as_json, SystemClock().wall_now(), Level::warn,
                  "lines of the log were left out: whoever reads it had stopped", {{"count", left_out}})};
}

std::shared_ptr<spdlog::logger> make_printer(bool as_json) {
  auto printer = std::make_shared<spdlog::logger>("togglecast", std::make_shared<StderrSink>());
  printer->set_pattern(as_json ? "%v" : "%^%v%$");
  printer->set_level(spdlog::level::trace);
  return printer;
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
  impl_->queue = std::make_unique<LogQueue>(
      [printer = make_printer(as_json)](const LogQueue::Line& line) {
        printer->log(spdlog_level(line.level), line.text);
      },
      [as_json](std::uint64_t left_out) { return describe_gap(as_json, left_out); });
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
