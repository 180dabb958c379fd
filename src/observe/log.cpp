#include "observe/log.hpp"

#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <unistd.h>

#include <mutex>

#include "base/json.hpp"
#include "base/utf8.hpp"

namespace togglecast::observe {
namespace {

class LineFunctionSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit LineFunctionSink(Log::LineSink write) : write_(std::move(write)) {}

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    write_({message.payload.data(), message.payload.size()});
  }
  void flush_() override {}

  Log::LineSink write_;
};

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
  Impl(LogOptions options, spdlog::sink_ptr sink, const Clock* wall, bool as_json)
      : logger("togglecast", std::move(sink)), clock(wall), json(as_json) {
    logger.set_pattern("%v");
    logger.set_level(spdlog_level(options.level));
    logger.flush_on(spdlog::level::debug);
  }

  SystemClock system_clock;
  spdlog::logger logger;
  const Clock* clock;
  bool json;
};

Log::Log(LogOptions options) {
  const bool terminal = ::isatty(STDERR_FILENO) == 1;
  const bool as_json =
      options.format == LogFormat::json || (options.format == LogFormat::automatic && !terminal);
  spdlog::sink_ptr sink;
  if (as_json) {
    sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  } else {
    sink = std::make_shared<spdlog::sinks::stderr_color_sink_mt>();
  }
  impl_ = std::make_unique<Impl>(options, std::move(sink), nullptr, as_json);
  if (!as_json) impl_->logger.set_pattern("%^%v%$");
  impl_->clock = &impl_->system_clock;
}

Log::Log(LogOptions options, LineSink sink, const Clock& clock)
    : impl_(std::make_unique<Impl>(options, std::make_shared<LineFunctionSink>(std::move(sink)), &clock,
                                   options.format != LogFormat::text)) {}

Log::~Log() = default;

void Log::write(Level level, std::string_view message, Fields fields) {
  if (level == Level::off || !enabled(level)) return;
  const UnixMillis at = impl_->clock->wall_now();
  impl_->logger.log(spdlog_level(level), impl_->json ? json_line(at, level, message, fields)
                                                     : text_line(at, level, message, fields));
}

bool Log::enabled(Level level) const noexcept { return impl_->logger.should_log(spdlog_level(level)); }

void Log::set_level(Level level) noexcept { impl_->logger.set_level(spdlog_level(level)); }

}  // namespace togglecast::observe
