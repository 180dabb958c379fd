// A PostgreSQL of the test program, on a UNIX socket in a temporary folder: tests/servers/postgres. One for
// all tests of the program that need no server of their own.
#pragma once

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

#include "storage/postgres/connection/connection.hpp"
#include "support/eventually.hpp"
#include "support/temporary_folder.hpp"

namespace togglecast::testing {

class PostgresServer {
 public:
  /// Starts it and waits until it takes connections.
  PostgresServer() { start(); }
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;
  ~PostgresServer() {
    if (pid_ > 0) stop(SIGQUIT);
  }

  /// The server that the tests of this program share. Nobody stops it before the program ends.
  static PostgresServer& shared() {
    static PostgresServer server;
    return server;
  }

  void start() {
    const std::string script = std::string(TOGGLECAST_SOURCE_DIR) + "/tests/servers/postgres";
    const std::string folder = folder_.path().string();
    const std::string log = folder + "/log";
    const bool there = togglecast::test::eventually([&] {
      // After SIGKILL, what is left of the last one keeps the data for a moment.
      if (pid_ > 0 && ::waitpid(pid_, nullptr, WNOHANG) == pid_) pid_ = -1;
      if (pid_ < 0) pid_ = spawn(script, folder, log);
      return storage::postgres::Connection::open(target("togglecast")).has_value();
    });
    if (!there) throw std::runtime_error("PostgreSQL did not start:\n" + text_of(log));
  }
  /// SIGINT: a clean stop. SIGKILL: as a crash, and its children end on their own.
  void stop(int signal = SIGINT) {
    ::kill(pid_, signal);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }
  [[nodiscard]] storage::postgres::Target target(const std::string& database) const {
    storage::postgres::Target target;
    // Patient: on a busy machine, a session may take many seconds to begin.
    target.text =
        "postgresql://togglecast@/" + database + "?connect_timeout=60&host=" + folder_.path().string();
    target.statement = Milliseconds{60'000};
    return target;
  }
  /// Another empty database.
  [[nodiscard]] storage::postgres::Target new_database() {
    const std::string name = "test" + std::to_string(++databases_);
    run("CREATE DATABASE " + name, "postgres");
    return target(name);
  }
  void run(const std::string& sql, const std::string& database) const {
    auto connection = storage::postgres::Connection::open(target(database));
    if (!connection) throw std::runtime_error(connection.error().message);
    if (const auto done = connection->execute(sql.c_str(), Milliseconds{60'000}); !done)
      throw std::runtime_error(done.error().message);
  }

 private:
  static pid_t spawn(const std::string& script, const std::string& folder, const std::string& log) {
    const pid_t child = ::fork();
    if (child != 0) return child;
    const int file = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::dup2(file, STDERR_FILENO);
    ::dup2(file, STDOUT_FILENO);
    ::execl(script.c_str(), script.c_str(), folder.c_str(), nullptr);
    ::_exit(127);
  }
  static std::string text_of(const std::string& file) {
    std::ifstream stream(file);
    return {std::istreambuf_iterator<char>(stream), {}};
  }

  TemporaryFolder folder_;
  pid_t pid_ = -1;
  std::atomic<int> databases_{0};
};

}  // namespace togglecast::testing
