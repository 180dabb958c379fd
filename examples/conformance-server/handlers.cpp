#include "handlers.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace conformance {
namespace {

namespace json = togglecast::json;
using togglecast::Milliseconds;
using togglecast::Result;
using togglecast::SharedBytes;
using togglecast::socketio::Ack;
using togglecast::socketio::Answers;
using togglecast::socketio::Arguments;
using togglecast::socketio::Binary;
using togglecast::socketio::ConnectError;
using togglecast::socketio::Event;
using togglecast::socketio::HandlerRegistry;
using togglecast::socketio::Next;
using togglecast::socketio::RemoteSocket;
using togglecast::socketio::Socket;

// The arguments from `first` on, with their attachments.
Arguments rest(const Event& event, std::size_t first) {
  Arguments args = event.args();
  const auto count = std::min(first, args.values.size());
  args.values.erase(args.values.begin(), args.values.begin() + static_cast<std::ptrdiff_t>(count));
  return args;
}

std::string text(const Event& event, std::size_t index) {
  const auto& value = event[index];
  return value.is_string() ? std::string(value.get_string()) : json::serialize(value);
}

std::int64_t number(const Event& event, std::size_t index, std::int64_t most) {
  boost::system::error_code error;
  const auto value = event[index].to_number<std::int64_t>(error);
  return error ? 0 : std::clamp<std::int64_t>(value, 0, most);
}

bool truthy(const Event& event, std::size_t index) {
  return event[index].is_bool() && event[index].get_bool();
}

json::array sorted(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  json::array list;
  for (auto& name : names) list.emplace_back(std::move(name));
  return list;
}

// One value for each answer: its first argument. Attachments of later answers are renumbered behind the
// earlier ones.
Arguments list_of_first(const std::vector<Arguments>& answers) {
  Arguments combined;
  json::array list;
  for (const auto& answer : answers) {
    if (answer.values.empty()) {
      list.emplace_back(nullptr);
    } else if (const SharedBytes* bytes = togglecast::socketio::binary(answer, answer.values.front())) {
      list.push_back({{"_placeholder", true}, {"num", combined.attachments.size()}});
      combined.attachments.push_back(*bytes);
    } else {
      list.push_back(answer.values.front());
    }
  }
  combined.values.emplace_back(std::move(list));
  return combined;
}

// `count` attachments of one byte each, in one list.
Arguments many_attachments(std::int64_t count) {
  Arguments args;
  json::array list;
  for (std::int64_t i = 0; i < count; ++i) {
    list.push_back({{"_placeholder", true}, {"num", args.attachments.size()}});
    args.attachments.emplace_back(std::string(1, static_cast<char>(i)));
  }
  args.values.emplace_back(std::move(list));
  return args;
}

// Answers `sent`, or the reason why the library refuses.
template <typename Send>
void try_to_send(const Ack& ack, Send send) {
  try {
    send();
    ack("sent");
  } catch (const std::length_error& error) {
    ack(error.what());
  }
}

void on_messages(HandlerRegistry& nsp) {
  nsp.on("message", [](Event& event) { event.socket().emit_arguments("message-back", event.args()); });
  nsp.on("message-with-ack", [](Event& event) { event.acknowledgement().send(event.args()); });
  nsp.on("double-ack", [](Event& event) {
    event.ack(1);
    event.ack(2);
  });
  nsp.on("ask", [](Event& event) {
    const auto socket = event.socket().shared_from_this();
    socket->emit_arguments_with_ack(
        Milliseconds{30'000},
        [socket](Result<Arguments> answer) {
          if (answer) socket->emit_arguments("answer", *std::move(answer));
        },
        "question", event.args());
  });
  nsp.on("ask-timeout", [](Event& event) {
    const auto socket = event.socket().shared_from_this();
    socket->emit_with_ack(
        Milliseconds{number(event, 0, 60'000)},
        [socket](const Result<Arguments>& answer) { socket->emit("answer", answer ? "ok" : "timeout"); },
        "question");
  });
  nsp.on("burst", [](Event& event) {
    const auto count = number(event, 0, 100'000);
    for (std::int64_t i = 0; i < count; ++i) event.socket().emit("burst", i);
  });
  nsp.on("text", [](Event& event) {
    event.ack(std::string(static_cast<std::size_t>(number(event, 0, 16 << 20)), 'x'));
  });
  nsp.on("bytes", [](Event& event) {
    const std::string bytes(static_cast<std::size_t>(number(event, 0, 16 << 20)), '\7');
    event.ack(Binary{SharedBytes(bytes)});
  });
  nsp.on("emit-attachments", [](Event& event) {
    try_to_send(event.acknowledgement(), [&event] {
      event.socket().emit_arguments("attached", many_attachments(number(event, 0, 1'000)));
    });
  });
  nsp.on("broadcast-attachments", [](Event& event) {
    try_to_send(event.acknowledgement(), [&event] {
      event.socket().nsp().everyone().emit_arguments("attached", many_attachments(number(event, 0, 1'000)));
    });
  });
  nsp.on("ack-attachments", [](Event& event) {
    try_to_send(event.acknowledgement(),
                [&event] { event.acknowledgement().send(many_attachments(number(event, 0, 1'000))); });
  });
}

json::array joined_rooms(const Socket& socket) {
  std::vector<std::string> names = socket.rooms();
  std::erase(names, socket.id());
  return sorted(std::move(names));
}

void on_rooms(HandlerRegistry& nsp) {
  nsp.on("join", [](Event& event) {
    event.socket().join(text(event, 0));
    event.ack(joined_rooms(event.socket()));
  });
  nsp.on("leave", [](Event& event) {
    event.socket().leave(text(event, 0));
    event.ack(joined_rooms(event.socket()));
  });
  nsp.on("to-room",
         [](Event& event) { event.socket().to(text(event, 0)).emit_arguments("room-msg", rest(event, 1)); });
  nsp.on("all-room", [](Event& event) {
    event.socket().nsp().in(text(event, 0)).emit_arguments("room-msg", rest(event, 1));
  });
  nsp.on("except-room", [](Event& event) {
    event.socket().nsp().in(text(event, 0)).except(text(event, 1)).emit_arguments("room-msg", rest(event, 2));
  });
}

void on_self(HandlerRegistry& nsp) {
  nsp.on("sid", [](Event& event) { event.ack(event.socket().id()); });
  nsp.on("who", [](Event& event) {
    Socket& socket = event.socket();
    json::object query;
    json::value xtest;
    if (const auto* handshake = socket.handshake()) {
      for (const auto& [name, value] : handshake->query.parameters()) query[name] = value;
      if (handshake->headers.contains("x-test")) xtest = json::value(handshake->headers.value("x-test"));
    }
    event.ack(json::object{{"id", socket.id()},
                           {"rooms", sorted(socket.rooms())},
                           {"query", std::move(query)},
                           {"auth", socket.auth()},
                           {"xtest", std::move(xtest)},
                           {"transport", togglecast::engineio::to_string(socket.transport())}});
  });
  nsp.on("set-data", [](Event& event) {
    auto& data = event.socket().data();
    if (!data.is_object()) data = json::object{};
    if (const auto* added = event[0].if_object()) {
      for (const auto& member : *added) data.get_object()[member.key()] = member.value();
    }
    event.ack("ok");
  });
  nsp.on("disconnect-me", [](Event& event) { event.socket().disconnect(); });
  nsp.on("close-me", [](Event& event) { event.socket().disconnect(true); });
}

void on_everyone(HandlerRegistry& nsp) {
  nsp.on("all",
         [](Event& event) { event.socket().nsp().everyone().emit_arguments("all-msg", event.args()); });
  nsp.on("count", [](Event& event) {
    event.socket().nsp().everyone().fetch_sockets(
        [ack = event.acknowledgement()](const Result<std::vector<RemoteSocket>>& sockets) {
          if (sockets) ack(sockets->size());
        });
  });
  nsp.on("fetch", [](Event& event) {
    event.socket()
        .nsp()
        .in(text(event, 0))
        .fetch_sockets([ack = event.acknowledgement()](const Result<std::vector<RemoteSocket>>& sockets) {
          if (!sockets) return;
          json::array list;
          for (const auto& socket : *sockets) {
            list.push_back(
                json::object{{"id", socket.id}, {"rooms", sorted(socket.rooms)}, {"data", socket.data}});
          }
          ack(std::move(list));
        });
  });
  nsp.on("handshakes", [](Event& event) {
    event.socket()
        .nsp()
        .in(text(event, 0))
        .fetch_sockets([ack = event.acknowledgement()](const Result<std::vector<RemoteSocket>>& sockets) {
          if (!sockets) return ack(json::object{{"error", sockets.error().message}});
          json::array list;
          for (const auto& socket : *sockets)
            list.push_back(json::object{{"id", socket.id}, {"handshake", socket.handshake}});
          ack(std::move(list));
        });
  });
  nsp.on("volatile", [](Event& event) {
    event.socket().nsp().everyone().volatile_().emit_arguments("volatile-msg", event.args());
  });
  nsp.on("ask-all", [](Event& event) {
    const auto socket = event.socket().shared_from_this();
    const Milliseconds timeout{number(event, 0, 60'000)};
    socket->nsp().everyone().timeout(timeout).emit_arguments_with_ack(
        [socket](const Answers& answers) {
          Arguments args = list_of_first(answers.answers);
          args.values.insert(args.values.begin(), json::value(answers.timed_out ? "timeout" : "ok"));
          socket->emit_arguments("answers", std::move(args));
        },
        "question", rest(event, 1));
  });
  nsp.on("make-join",
         [](Event& event) { event.socket().nsp().in(text(event, 0)).sockets_join({text(event, 1)}); });
  nsp.on("make-leave",
         [](Event& event) { event.socket().nsp().in(text(event, 0)).sockets_leave({text(event, 1)}); });
  nsp.on("kick",
         [](Event& event) { event.socket().nsp().in(text(event, 0)).disconnect_sockets(truthy(event, 1)); });
  nsp.on("server-emit", [](Event& event) {
    event.socket().nsp().server_side_emit(
        [ack = event.acknowledgement()](const Result<std::vector<Arguments>>& answers) {
          if (answers) {
            ack.send(list_of_first(*answers));
          } else {
            ack(json::object{{"error", answers.error().message}});
          }
        },
        event.size() > 1 ? text(event, 1) : "peer", event[0]);
  });
  nsp.on("server-tell", [](Event& event) { event.socket().nsp().server_side_emit({}, "told", event[0]); });
  nsp.on_server_side("peer", [](const Arguments& args, const std::function<void(Arguments)>& answer) {
    const std::string heard = args.values.empty() ? ""
                              : args.values.front().is_string()
                                  ? std::string(args.values.front().get_string())
                                  : json::serialize(args.values.front());
    if (answer) answer(togglecast::socketio::arguments("heard " + heard));
  });
}

void register_all(HandlerRegistry& nsp, const togglecast::adapters::CountersPtr& counters) {
  nsp.on("dropped", [counters](Event& event) { event.ack(counters->malformed.load()); });
  nsp.on_connection([](Socket& socket) { socket.emit("auth", socket.auth()); });
  on_messages(nsp);
  on_rooms(nsp);
  on_self(nsp);
  on_everyone(nsp);
}

void authorise(Socket& socket, const Next& next) {
  if (json::string_or_empty(socket.auth(), "token") == "good") {
    next();
    return;
  }
  const auto* detail = json::find(socket.auth(), "detail");
  const bool detailed = detail != nullptr && !detail->is_null() && *detail != json::value(false) &&
                        *detail != json::value(0) && *detail != json::value("");
  ConnectError error{"Not authorized", nullptr};
  if (detailed) error.data = {{"code", "E_AUTH"}, {"tries", 3}};
  next(std::move(error));
}

}  // namespace

void register_namespaces(togglecast::socketio::Server& io,
                         const togglecast::adapters::CountersPtr& counters) {
  for (const auto* name : {"/", "/custom", "/empty-auth"}) {
    auto& nsp = io.of(name);
    register_all(nsp, counters);
    nsp.on_server_side("told", [&nsp](const Arguments& args, const std::function<void(Arguments)>&) {
      nsp.everyone().local().emit_arguments("told", args);
    });
  }
  register_all(io.of("/auth").use(authorise), counters);
  register_all(io.of_pattern("^/dyn-\\d+$"), counters);
}

}  // namespace conformance
