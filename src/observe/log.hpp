// The log front: a sentence and structured fields, to stderr; text on a terminal, one JSON object a line
// otherwise. Thread rule: every call may be made from any thread; lines never mix.
//
//   log.warn("origin refused", {{"origin", origin}, {"option", "--cors-origin"}, {"sid", sid}});
//
// Common field names: `request_id`, `sid`, `client`, `admin`, `code`, `address`. Secrets have no way in: a
// `Secret` is no field value. Whatever a value contains, a line stays one line of valid UTF-8. Nobody waits
// for stderr: a thread of the log prints, and once its reader is a megabyte behind, lines are left out and
// counted.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/clock.hpp"

namespace togglecast {
class Secret;
}

namespace togglecast::observe {

enum class Level : std::uint8_t { debug, info, warn, error, off };
[[nodiscard]] std::string_view to_string(Level level) noexcept;
/// `debug`, `info`, `warn`, `error`, `off`.
[[nodiscard]] std::optional<Level> parse_level(std::string_view text) noexcept;

/// A key and its value, which are only looked at during the call.
class Field {
 public:
  using Value = std::variant<std::string_view, std::int64_t, std::uint64_t, double, bool>;

  Field(std::string_view key, std::string_view value) noexcept : key_(key), value_(value) {}
  Field(std::string_view key, const char* value) noexcept : Field(key, std::string_view(value)) {}
  Field(std::string_view key, const std::string& value) noexcept : Field(key, std::string_view(value)) {}
  Field(std::string_view key, bool value) noexcept : key_(key), value_(value) {}
  Field(std::string_view key, double value) noexcept : key_(key), value_(value) {}
  template <std::signed_integral T>
  Field(std::string_view key, T value) noexcept : key_(key), value_(std::int64_t{value}) {}
  template <std::unsigned_integral T>
  requires(!std::same_as<T, bool>) Field(std::string_view key, T value)
  noexcept : key_(key), value_(std::uint64_t{value}) {}
  Field(std::string_view key, const Secret& value) = delete;

  [[nodiscard]] std::string_view key() const noexcept { return key_; }
  [[nodiscard]] const Value& value() const noexcept { return value_; }

 private:
  std::string_view key_;
  Value value_;
};

enum class LogFormat : std::uint8_t { automatic, text, json };

struct LogOptions {
  Level level = Level::info;
  LogFormat format =
      LogFormat::automatic;  ///< automatic: text when stderr is a terminal, JSON lines otherwise
};

class Log {
 public:
  using Fields = std::initializer_list<Field>;
  using LineSink = std::function<void(std::string_view line)>;

  /// To stderr. The end waits for what was logged to be printed, but no longer than a second.
  explicit Log(LogOptions options = {});
  /// To `sink`, one call a line without line end, one at a time; `automatic` means JSON. For tests and
  /// embedding.
  Log(LogOptions options, LineSink sink, const Clock& clock);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  void debug(std::string_view message, Fields fields = {}) { write(Level::debug, message, fields); }
  void info(std::string_view message, Fields fields = {}) { write(Level::info, message, fields); }
  void warn(std::string_view message, Fields fields = {}) { write(Level::warn, message, fields); }
  void error(std::string_view message, Fields fields = {}) { write(Level::error, message, fields); }
  void write(Level level, std::string_view message, Fields fields = {});

  /// Whether a line of this level would be written; saves the work of building expensive fields.
  [[nodiscard]] bool enabled(Level level) const noexcept;
  /// May be changed while the server runs.
  void set_level(Level level) noexcept;
  /// Whether all that was logged is printed, which is waited for no longer than that. For who is about to end
  /// the process.
  bool drain(Milliseconds longest);
  /// Lines that were not printed because whoever reads them had stopped.
  [[nodiscard]] std::uint64_t left_out() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace togglecast::observe
