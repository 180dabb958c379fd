#include "app/process/terminal.hpp"

#include <termios.h>
#include <unistd.h>

#include <cstdio>
#include <iostream>

namespace togglecast::app {
namespace {

// Typed characters do not appear on the terminal while this object lives.
class EchoOff {
 public:
  EchoOff() {
    ::tcgetattr(STDIN_FILENO, &before_);
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
  }
  EchoOff(const EchoOff&) = delete;
  EchoOff& operator=(const EchoOff&) = delete;
  ~EchoOff() { ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_); }

 private:
  termios before_{};
};

}  // namespace

bool can_ask() noexcept { return ::isatty(STDIN_FILENO) == 1; }

Result<Secret> read_secret_line() {
  std::string line;
  if (!std::getline(std::cin, line))
    return fail(Errc::invalid_argument, "no password was given; type one, or send it as one line of input");
  if (line.ends_with('\r')) line.pop_back();
  return Secret(std::move(line));
}

Result<Secret> ask_secret(const std::string& question) {
  const EchoOff echo_off;
  std::fprintf(stderr, "%s: ", question.c_str());
  auto answer = read_secret_line();
  std::fprintf(stderr, "\n");
  return answer;
}

}  // namespace togglecast::app
