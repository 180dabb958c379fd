// The log as the entrances of the server hold it: folders that read what strangers send have this one and
// never a Log. All its lines share one bucket, so a peer without a token writes a few lines a second,
// whatever it does. Lines beyond are counted, in `togglecast_log_peer_lines_left_out_total` and, by message,
// in a line a few seconds later. Messages are literals. Thread rule: as Log. Without a log it does nothing.
//
//   PeerLog log(whole_log);
//   log.warn("origin refused", {{"origin", origin}});
//   log.write(Level::info, Cause::known, "logged in", {{"admin", name}});
#pragma once

#include "observe/log.hpp"

namespace togglecast::observe {

/// Who can cause a line. `known`: an admin or a client with a valid token, or the server itself; not through
/// the bucket.
enum class Cause : bool { stranger, known };

class PeerLog {
 public:
  PeerLog() = default;
  PeerLog(Log* log) noexcept
      : log_(log) {}  // NOLINT(google-explicit-constructor): an entrance is given a log
  PeerLog(Log& log) noexcept : log_(&log) {}  // NOLINT(google-explicit-constructor)

  void debug(std::string_view message, Log::Fields fields = {}) const {
    write(Level::debug, Cause::stranger, message, fields);
  }
  void info(std::string_view message, Log::Fields fields = {}) const {
    write(Level::info, Cause::stranger, message, fields);
  }
  void warn(std::string_view message, Log::Fields fields = {}) const {
    write(Level::warn, Cause::stranger, message, fields);
  }
  void error(std::string_view message, Log::Fields fields = {}) const {
    write(Level::error, Cause::stranger, message, fields);
  }
  void write(Level level, Cause cause, std::string_view message, Log::Fields fields = {}) const {
    if (log_ == nullptr) return;
    if (cause == Cause::known) return log_->write(level, message, fields);
    log_->write_for_peer(level, message, fields);
  }
  /// A client passed a limit, which is named by its option: `--event-rate`. One line in ten seconds for each
  /// limit, with how often it was passed since the line before, and with the client of this time as a sample.
  void limit(std::string_view option, const Field& who) const {
    if (log_ != nullptr) log_->write_for_limit(option, who);
  }
  [[nodiscard]] bool enabled(Level level) const noexcept { return log_ != nullptr && log_->enabled(level); }

 private:
  Log* log_ = nullptr;
};

}  // namespace togglecast::observe
