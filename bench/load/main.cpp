// Drives one server with many connections and tells what that cost it. Commands come on standard input, one a
// line, each is answered by one line of JSON:
//
//   bench-load --port P --process PID [--namespace /client,] [--token T] [--compress 1] [--contexts 1]
//     [--greeting 1] [--request TEXT]
//   connect N | broadcast IN_FLIGHT ROUNDS | echo CONNECTIONS DEPTH REQUESTS | churn N AT_ONCE | idle SECONDS
//   | receive FRAMES | expect FRAMES TEXT | expected | memory
//
// `expect` is answered at once; only then may the frames with that text be caused. `expected` is answered
// when all of them have come.

#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <map>
#include <sstream>
#include <string>

#include "client.hpp"
#include "process.hpp"
#include "rounds.hpp"

namespace {

void tell(const bench::Used& used) {
  std::printf("{\"cpu_ns\":%lld,\"wall_ns\":%lld,\"bytes\":%llu,\"heartbeats\":%llu}\n",
              static_cast<long long>(used.cpu_ns), static_cast<long long>(used.wall_ns),
              static_cast<unsigned long long>(used.bytes), static_cast<unsigned long long>(used.heartbeats));
}

}  // namespace

int main(int count, char** values) {
  std::map<std::string, std::string> options;
  for (int i = 1; i + 1 < count; i += 2) options[values[i]] = values[i + 1];
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);

  const auto server = static_cast<pid_t>(std::stol(options["--process"]));
  bench::Clients clients({.port = static_cast<std::uint16_t>(std::stoul(options["--port"])),
                          .nsp = options["--namespace"],
                          .token = options["--token"],
                          .compress = options.count("--compress") != 0,
                          .contexts = options.count("--contexts") != 0,
                          .greeting = options.count("--greeting") != 0});
  const std::string request = options.count("--request") != 0
                                  ? options["--request"]
                                  : R"(427["echo",")" + std::string(100, 'x') + "\"]";
  std::string line;
  while (true) {
    clients.run_until_readable(STDIN_FILENO);
    if (!std::getline(std::cin, line)) return 0;
    std::istringstream words(line);
    std::string command;
    std::size_t a = 0, b = 0, c = 0;
    words >> command >> a >> b >> c;
    if (command == "connect") {
      clients.connect(a);
      std::printf("{\"connections\":%zu}\n", clients.size());
    } else if (command == "broadcast") {
      tell(bench::broadcast(clients, server, a, b));
    } else if (command == "echo") {
      tell(bench::echo(clients, server, request, a, b, c));
    } else if (command == "churn") {
      tell(bench::churn(clients, server, a, b));
    } else if (command == "idle") {
      tell(bench::idle(clients, server, static_cast<std::int64_t>(a) * 1'000'000'000));
    } else if (command == "receive") {
      tell(bench::receive(clients, server, a));
    } else if (command == "expect") {
      std::istringstream again(line);
      std::string text;
      again >> command >> a >> text;
      clients.expect_text(a, text);
      std::printf("{\"expected\":%zu}\n", a);
    } else if (command == "expected") {
      tell(bench::receive_expected(clients, server));
    } else if (command == "memory") {
      std::printf("{\"bytes\":%lld}\n", static_cast<long long>(bench::anonymous_bytes(server)));
    } else {
      std::fprintf(stderr, "unknown command: %s\n", line.c_str());
      return 2;
    }
    std::fflush(stdout);
  }
}
