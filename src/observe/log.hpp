// The log: a sentence and structured fields per line, on stderr. It writes text on a terminal, and one JSON
// object per line otherwise. Thread rule: any thread may call; lines never mix.
//
//   log.warn("origin refused", {{"origin", origin}, {"option", "--cors-origin"}, {"sid", sid}});
//
// Common field names: `request_id`, `sid`, `client`, `admin`, `code`, `address`. A `Secret` does not compile
// as a field. Any value stays on one line of valid UTF-8, at most `kLongestText` bytes of it. The caller
// never waits for stderr: a thread of the log prints. If the reader of stderr is a megabyte behind, the log
// leaves lines out and counts them. Folders that read what strangers send use PeerLog instead.
#pragma once

#include <concepts>
#include <cstddef>
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

/// A key and its value. The log reads both during the call only.
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

/// The log cuts longer messages and values, and says how long they were.
inline constexpr std::size_t kLongestText = 500;

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

  /// Writes to stderr. The destructor waits up to one second until all lines are printed.
  explicit Log(LogOptions options = {});
  /// Calls `sink` for each line, one at a time, without a line end; `automatic` means JSON. For tests and
  /// programs that have a log of their own.
  Log(LogOptions options, LineSink sink, const Clock& clock);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  void debug(std::string_view message, Fields fields = {}) { write(Level::debug, message, fields); }
  void info(std::string_view message, Fields fields = {}) { write(Level::info, message, fields); }
  void warn(std::string_view message, Fields fields = {}) { write(Level::warn, message, fields); }
  void error(std::string_view message, Fields fields = {}) { write(Level::error, message, fields); }
  void write(Level level, std::string_view message, Fields fields = {});
  /// A line that a peer without a valid token can cause, see PeerLog.
  void write_for_peer(Level level, std::string_view message, Fields fields = {});

  /// A client passed a limit, see PeerLog.
  void write_for_limit(std::string_view limit, const Field& who);

  /// True if a line of this level would be written. Ask before building expensive fields.
  [[nodiscard]] bool enabled(Level level) const noexcept;
  /// May be changed while the server runs.
  void set_level(Level level) noexcept;
  /// Waits up to `longest` until all lines are printed. Returns whether they are. Call it before the process
  /// ends.
  bool drain(Milliseconds longest);
  /// The number of lines left out because the reader of stderr had stopped.
  [[nodiscard]] std::uint64_t left_out() const;
  /// The number of lines left out because strangers caused too many.
  [[nodiscard]] std::uint64_t peer_lines_left_out() const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace togglecast::observe
