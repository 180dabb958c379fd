// The library as it is measured: a namespace whose sockets are in two rooms, an event that is sent back, a
// broadcast on demand. Answers the load generator in the same words as the peers in bench/peers.
//
//   bench-server --shards 1 [--port 0] [--compress] [--token-key KEY]      prints `listening on <port>`

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sys/resource.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>

#include "base/base64.hpp"
#include "net/memory_trim.hpp"
#include "net/shard_pool.hpp"
#include "observe/log.hpp"
#include "socketio/server.hpp"
#include "web/http_server.hpp"

using namespace togglecast;
using socketio::Event;
using socketio::Next;
using socketio::Socket;

namespace {

// What an application does with a token: check the HS256 signature (RFC 7519) and the expiry.
bool token_is_good(std::string_view token, const std::string& key) {
  const auto dot = token.rfind('.');
  const auto first = token.find('.');
  if (dot == std::string_view::npos || first == dot) return false;
  const std::string_view signed_part = token.substr(0, dot);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(signed_part.data()), signed_part.size(), digest.data(), &size);
  const std::string expected = base64url_encode({reinterpret_cast<const char*>(digest.data()), size});
  if (expected != token.substr(dot + 1)) return false;
  const auto claims = base64url_decode(token.substr(first + 1, dot - first - 1));
  if (!claims) return false;
  const auto parsed = json::parse(*claims);
  if (!parsed) return false;
  const auto* expiry = json::find(*parsed, "exp");
  const auto now =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch());
  return expiry != nullptr && expiry->is_int64() && expiry->get_int64() > now.count();
}

// Text as configuration has it: names, dates, switches, none twice the same.
std::string catalogue(std::size_t bytes) {
  constexpr std::array kWords{"checkout", "search", "invoice", "export", "beta", "mobile", "audit", "theme"};
  std::string text;
  for (std::size_t i = 0; text.size() < bytes; ++i) {
    const std::size_t mixed = i * 2654435761U % 1'000'003;
    text += std::string(kWords[mixed % 8]) + '.' + kWords[mixed / 8 % 8] + '-' + std::to_string(mixed) +
            (mixed % 3 == 0 ? " enabled since 2026-" : " disabled since 2025-") +
            std::to_string(1 + mixed % 12) + '-' + std::to_string(1 + mixed % 28) + "; ";
  }
  return text.substr(0, bytes);
}

}  // namespace

int main(int count, char** values) {
  std::map<std::string, std::string> options;
  for (int i = 1; i + 1 < count; i += 2) options[values[i]] = values[i + 1];
  const auto number = [&](const char* name, unsigned long otherwise) {
    return options.count(name) != 0 ? std::strtoul(options[name].c_str(), nullptr, 10) : otherwise;
  };
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  observe::Log log;
  net::ShardPool shards(number("--shards", 1));
  net::MemoryTrim trim(shards, {.every = Milliseconds(3'000)});
  socketio::Options io_options;
  io_options.log = &log;
  io_options.retain_handshake = false;
  io_options.connect_timeout = Milliseconds(5'000);
  io_options.engine.per_message_deflate.enabled = number("--compress", 0) != 0;
  socketio::Server io(shards, io_options);
  const std::string news =
      options.count("--catalogue") != 0
          ? catalogue(number("--bytes", 200))
          : std::string(number("--bytes", 200) - 13, 'x');  // and `42["news",""]` around it
  auto& nsp = io.of("/");
  if (const std::string key = options["--token-key"]; !key.empty()) {
    nsp.use([key](Socket& socket, const Next& next) {
      if (token_is_good(json::string_or_empty(socket.auth(), "token"), key)) return next();
      next(socketio::ConnectError{"unauthorized"});
    });
  }
  nsp.on_connection([](Socket& socket) {
    socket.join("plan:gold");
    socket.join("tenant:seven");
  });
  nsp.on("echo", [](Event& event) { event.ack(event[0]); });
  nsp.on("pass", [](Event& event) {
    if (const auto text = event.text()) event.acknowledgement().send_text(*text);
  });
  nsp.on("go", [&](Event& event) {
    const auto times = event[0].is_int64() ? event[0].get_int64() : 1;
    for (std::int64_t i = 0; i < times; ++i) io.to("plan:gold").emit("news", news);
  });

  web::Router router;
  io.mount(router);
  web::HttpServer http(shards, std::move(router));
  const auto port =
      shards.listen({.addresses = {"127.0.0.1"}, .port = static_cast<std::uint16_t>(number("--port", 0))},
                    http.accept_handler());
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
  io.close();
  http.close_all();
  shards.stop();
  return 0;
}
