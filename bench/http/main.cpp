// Drives one HTTP server and tells what that cost it. Commands come on standard input, one a line, each is
// answered by one line of JSON:
//
//   bench-http-load --port P --process PID
//   requests CONNECTIONS COUNT STATUS FILE    the same request, as it stands in the file, over and over;
//                                             ####### in it is another number each time
//   listen COUNT FILE                         event streams that stay; answered when each has its first
//   notice receive COUNT                             waits for so many notices, which somebody else has
//   caused idle SECONDS | memory

#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>
#include <string>

#include "../load/process.hpp"
#include "connections.hpp"

namespace {

std::string content(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

template <typename Work>
void measure(pid_t server, Work&& work) {
  const std::int64_t wall = bench::now_ns();
  const std::int64_t cpu = bench::cpu_time_ns(server);
  work();
  std::printf("{\"cpu_ns\":%lld,\"wall_ns\":%lld}\n",
              static_cast<long long>(bench::cpu_time_ns(server) - cpu),
              static_cast<long long>(bench::now_ns() - wall));
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
  const auto port = static_cast<std::uint16_t>(std::stoul(options["--port"]));
  bench::Connections requests(port);
  bench::Connections listeners(port);
  std::string line;
  while (true) {
    listeners.run_until_readable(STDIN_FILENO);
    if (!std::getline(std::cin, line)) return 0;
    std::istringstream words(line);
    std::string command, file;
    std::size_t a = 0, b = 0, c = 0;
    words >> command >> a;
    if (command == "requests") {
      words >> b >> c >> file;
      const std::string request = content(file);
      requests.open(a);
      measure(server, [&] { requests.ask(request, b, static_cast<unsigned>(c)); });
    } else if (command == "listen") {
      words >> file;
      listeners.listen(content(file), a);
      std::printf("{\"connections\":%zu}\n", listeners.size());
    } else if (command == "receive") {
      measure(server, [&] { listeners.receive(a); });
    } else if (command == "idle") {
      measure(server, [&] { listeners.run_for(static_cast<std::int64_t>(a) * 1'000'000'000); });
    } else if (command == "memory") {
      std::printf("{\"bytes\":%lld}\n", static_cast<long long>(bench::anonymous_bytes(server)));
    } else {
      std::fprintf(stderr, "unknown command: %s\n", line.c_str());
      return 2;
    }
    std::fflush(stdout);
  }
}
