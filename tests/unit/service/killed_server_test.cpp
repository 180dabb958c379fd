// What a server has acknowledged outlives a `kill -9`.
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <sstream>
#include <string>

#include "unit/service/application_fixture.hpp"

extern char** environ;  // NOLINT(readability-redundant-declaration)

namespace togglecast::service {
namespace {

// Another process that writes into `folder`; see tests/programs/endless_writer.cpp.
class EndlessWriter {
 public:
  explicit EndlessWriter(const std::filesystem::path& folder) {
    int ends[2] = {-1, -1};
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    output_ = ends[0];
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    std::string program = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "endless_writer";
    std::string argument = folder;
    char* arguments[] = {program.data(), argument.data(), nullptr};
    EXPECT_EQ(::posix_spawn(&pid_, program.c_str(), &actions, nullptr, arguments, environ), 0) << program;
    posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
  }
  EndlessWriter(const EndlessWriter&) = delete;
  EndlessWriter& operator=(const EndlessWriter&) = delete;
  ~EndlessWriter() {
    kill();
    ::close(output_);
  }

  void wait_for_acknowledgements(std::ptrdiff_t count) {
    while (std::count(text_.begin(), text_.end(), '\n') < count && read()) {
    }
  }
  void kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    int status = 0;
    ::waitpid(std::exchange(pid_, -1), &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status)) << "it had ended by itself, after " << text_;
  }
  // The last revision that it had acknowledged, also on its way out.
  domain::Revision last_acknowledged() {
    while (read()) {
    }
    domain::Revision last = 0;
    std::istringstream lines(text_.substr(0, text_.rfind('\n') + 1));
    for (std::string line; std::getline(lines, line);) last = domain::parse_id(line);
    return last;
  }

 private:
  bool read() {
    char buffer[512];
    const ssize_t length = ::read(output_, buffer, sizeof buffer);
    if (length > 0) text_.append(buffer, static_cast<std::size_t>(length));
    return length > 0;
  }

  pid_t pid_ = -1;
  int output_ = -1;
  std::string text_;
};

class KilledServer : public testing::ApplicationTest {};

TEST_F(KilledServer, LosesNothingItAcknowledged) {
  const auto data = folder_.path() / "data";
  for (const int acknowledgements : {1, 17, 60}) {
    EndlessWriter writer(data);
    writer.wait_for_acknowledgements(acknowledgements);
    writer.kill();
    const auto last = writer.last_acknowledged();
    ASSERT_GE(last, acknowledgements);

    open();

    EXPECT_GE(current()->revision(), last);
    EXPECT_EQ(static_cast<domain::Revision>(current()->table<domain::Platform>().by_id.size()),
              current()->revision());
    application_.reset();
    auto store = storage::sqlite::SqliteStore::open(data).value();
    for (const char* environment : {"production", "system"})  // the whole log, its chain checked
      EXPECT_TRUE(storage::load(*store->open_reader().value(), environment, 1'000'000).has_value())
          << environment;
    store.reset();
    std::filesystem::remove_all(data);
  }
}

}  // namespace
}  // namespace togglecast::service
