// A chat on the Socket.IO library: rooms, acknowledgements, a middleware, who is here.
//
//   chat [port]        then, with the stock client:
//   const socket = io("http://localhost:3001/chat", { auth: { name: "Ada" } });
//   socket.emit("join", "lobby", (names) => …);
//   socket.emit("say", "lobby", "hello", (delivered) => …);
//   socket.on("said", ({ room, name, text }) => …);

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>

#include "net/shard_pool.hpp"
#include "observe/log.hpp"
#include "socketio/server.hpp"
#include "web/http_server.hpp"

using namespace togglecast;
using socketio::Event;
using socketio::Next;
using socketio::Socket;

namespace {

std::string text(const Event& event, std::size_t index) {
  return event[index].is_string() ? std::string(event[index].get_string()) : std::string();
}

// Everyone has a name; it travels with the socket and shows in `fetch_sockets`.
void require_name(Socket& socket, const Next& next) {
  const auto name = json::string_or_empty(socket.auth(), "name");
  if (name.empty() || name.size() > 40) {
    next(socketio::ConnectError{"a name of 1 to 40 bytes is needed in auth.name"});
    return;
  }
  socket.data() = {{"name", name}};
  next();
}

void on_join(Event& event) {
  Socket& socket = event.socket();
  const std::string room = text(event, 0);
  if (room.empty() || !socket.join(room)) {
    event.ack(json::object{{"error", "no such room"}});
    return;
  }
  socket.to(room).emit("joined", json::object{{"room", room}, {"name", *json::find(socket.data(), "name")}});
  socket.nsp().in(room).fetch_sockets([ack = event.acknowledgement()](const auto& members) {
    if (!members) return;
    json::array names;
    for (const auto& member : *members) names.push_back(*json::find(member.data, "name"));
    ack(std::move(names));
  });
}

void on_say(Event& event) {
  Socket& socket = event.socket();
  const std::string room = text(event, 0);
  socket.to(room).emit(
      "said", json::object{{"room", room}, {"name", *json::find(socket.data(), "name")}, {"text", event[1]}});
  event.ack(true);
}

}  // namespace

int main(int count, char** values) {
  char* end = nullptr;
  const unsigned long port = count > 1 ? std::strtoul(values[1], &end, 10) : 3001;
  if (count > 2 || port > 65'535 || (end != nullptr && *end != '\0')) {
    std::fprintf(stderr, "usage: chat [port]\n");
    return 2;
  }
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  observe::Log log;
  net::ShardPool shards;
  socketio::Options options;
  options.log = &log;
  options.engine.cors.any_origin = true;
  socketio::Server io(shards, options);
  io.of("/chat").use(require_name).on("join", on_join).on("say", on_say);

  web::Router router;
  io.mount(router);
  web::HttpServer http(shards, std::move(router));
  const auto bound = shards.listen({.port = static_cast<std::uint16_t>(port)}, http.accept_handler());
  if (!bound) {
    std::fprintf(stderr, "%s\n", bound.error().message.c_str());
    return 1;
  }
  shards.start();
  std::printf("chat on http://localhost:%u/chat\n", *bound);
  std::fflush(stdout);

  int signal = 0;
  sigwait(&signals, &signal);
  shards.stop_listening();
  io.close();
  http.close_all();
  shards.stop();
  return 0;
}
