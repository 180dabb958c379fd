#include "observe/stderr_printer.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string>

#include "observe/log.hpp"

namespace togglecast::observe {
namespace {

// As long as it lives, stderr is a terminal that shows colors.
class ColorTerminal {
 public:
  ColorTerminal() : was_(::dup(STDERR_FILENO)), master_(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) {
    EXPECT_EQ(::grantpt(master_), 0);
    EXPECT_EQ(::unlockpt(master_), 0);
    std::array<char, 100> name{};
    EXPECT_EQ(::ptsname_r(master_, name.data(), name.size()), 0);
    const int terminal = ::open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC);
    EXPECT_GE(terminal, 0);
    ::dup2(terminal, STDERR_FILENO);
    ::close(terminal);
    ::setenv("TERM", "xterm", 1);
  }
  ColorTerminal(const ColorTerminal&) = delete;
  ColorTerminal& operator=(const ColorTerminal&) = delete;
  ~ColorTerminal() {
    ::dup2(was_, STDERR_FILENO);
    ::close(was_);
    ::close(master_);
  }

  [[nodiscard]] std::string line() const {
    std::string text;
    for (char c = 0; c != '\n' && ::read(master_, &c, 1) == 1;) text += c;
    return text;
  }

 private:
  int was_;
  int master_;
};

TEST(StderrPrinter, ColorsALineByItsLevelOnATerminal) {
  const ColorTerminal terminal;
  const auto print = stderr_printer(true);

  print({Level::warn, "careful"});
  print({Level::info, "as usual"});

  EXPECT_EQ(terminal.line(), "\033[33m\033[1mcareful\033[m\r\n");
  EXPECT_EQ(terminal.line(), "\033[32mas usual\033[m\r\n");
}

TEST(StderrPrinter, LeavesColorsOutWhenToldTo) {
  const ColorTerminal terminal;

  stderr_printer(false)({Level::warn, "{}"});

  EXPECT_EQ(terminal.line(), "{}\r\n");
}

}  // namespace
}  // namespace togglecast::observe
