// The HTTP layer alone: every POST gets the same answer, whose size and status the caller names. Answers of
// the product are compared with it.
//
//   bench-fixed --bytes 200 --status 200      prints `listening on <port>`

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>

#include "net/shard_pool.hpp"
#include "web/http_server.hpp"

using namespace togglecast;

int main(int count, char** values) {
  std::map<std::string, std::string> options;
  for (int i = 1; i + 1 < count; i += 2) options[values[i]] = values[i + 1];
  const auto number = [&](const char* name, unsigned long otherwise) {
    return options.count(name) != 0 ? std::strtoul(options[name].c_str(), nullptr, 10) : otherwise;
  };
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  wire::http::Response response;
  response.status = static_cast<unsigned>(number("--status", 200));
  response.headers.add("Cache-Control", "no-store");
  response.headers.add("ETag", "\"AAAAAAAAAAAA.AAAAAAAAAAAAAAAA.1.100\"");
  if (response.status != 304) {
    response.headers.add("Content-Type", "application/json");
    response.body = std::string(number("--bytes", 200), 'x');
  }
  net::ShardPool shards(1);
  web::Router router;
  router.add(wire::http::Method::post, "/{any}",
             [&](const web::ExchangePtr& exchange) { exchange->respond(response); });
  web::HttpServer http(shards, std::move(router));
  const auto port = shards.listen({.addresses = {"127.0.0.1"}}, http.accept_handler());
  if (!port) {
    std::fprintf(stderr, "%s\n", port.error().message.c_str());
    return 1;
  }
  shards.start();
  std::printf("listening on %u\n", static_cast<unsigned>(*port));
  std::fflush(stdout);
  int signal = 0;
  sigwait(&signals, &signal);
  shards.stop_listening();
  http.close_all();
  shards.stop();
  return 0;
}
