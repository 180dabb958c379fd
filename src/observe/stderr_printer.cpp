#include "observe/stderr_printer.hpp"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string_view>

#include "observe/log.hpp"

namespace togglecast::observe {
namespace {

constexpr std::string_view kResetColor = "\033[m";

std::string_view color_of(Level level) noexcept {
  switch (level) {
    case Level::debug:
      return "\033[36m";
    case Level::info:
      return "\033[32m";
    case Level::warn:
      return "\033[33m\033[1m";
    case Level::error:
      return "\033[31m\033[1m";
    case Level::off:
      return {};
  }
  return {};
}

bool terminal_shows_colors() {
  if (::isatty(STDERR_FILENO) != 1) return false;
  if (std::getenv("COLORTERM") != nullptr) return true;
  const char* terminal = std::getenv("TERM");
  return terminal != nullptr && std::string_view(terminal) != "dumb";
}

// Not through the C library's stream: while a write to it is stuck, nobody gets its lock, not even exit().
void write_all(std::string_view text) noexcept {
  while (!text.empty()) {
    const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      pollfd room{STDERR_FILENO, POLLOUT, 0};
      ::poll(&room, 1, -1);
      continue;
    }
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

LogQueue::Print stderr_printer(bool colored) {
  return [colored = colored && terminal_shows_colors()](const LogQueue::Line& line) {
    std::string text;
    if (colored) text += color_of(line.level);
    text += line.text;
    if (colored) text += kResetColor;
    text += '\n';
    write_all(text);
  };
}

}  // namespace togglecast::observe
