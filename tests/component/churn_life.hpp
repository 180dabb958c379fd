// What a client may do between its coming and its end, which may come at any moment.
#pragma once

#include <array>
#include <random>
#include <string>
#include <string_view>

#include "support/socketio_server.hpp"

namespace togglecast::testing {

using test::HttpClient;
using test::SocketIoServer;
using test::TcpClient;
using test::WebSocketClient;

// What a socket of ours says is lost when the server has gone from the other end, and then reading tells. So
// no step of a life is asserted: a life answers whether it went as meant, and the lives of each kind are
// counted.
class Life {
  static constexpr std::string_view kPath = "/socket.io/?EIO=4&transport=";

 public:
  Life(SocketIoServer& server, unsigned seed) : server_(server), random_(seed) {}

  [[nodiscard]] unsigned below(unsigned bound) { return static_cast<unsigned>(random_() % bound); }
  [[nodiscard]] HttpClient http() const { return HttpClient(server_.port()); }

  // A request that breaks off at any byte.
  bool ends_within_the_handshake() {
    static constexpr std::array<std::string_view, 3> kRest{"polling", "websocket",
                                                           "polling&sid=AAAAAAAAAAAAAAAAAAAA"};
    const auto request = HttpClient::request("GET", std::string(kPath) + std::string(kRest[below(3)]), {},
                                             "Upgrade: websocket\r\nConnection: Upgrade\r\n");
    auto client = http();
    client.tcp().send(std::string_view(request).substr(0, below(static_cast<unsigned>(request.size()) + 1)));
    cut(client.tcp());
    return true;
  }

  // A session that never joins a namespace.
  bool opens_a_session() {
    if (below(2) == 0) {
      auto client = http();
      const bool opened = client.get(std::string(kPath) + "polling").status == 200;
      cut(client.tcp());
      return opened;
    }
    WebSocketClient client(http(), std::string(kPath) + "websocket");
    const bool opened = receive_until(client, "0{");
    cut(client.tcp());
    return opened;
  }

  bool talks_and_is_cut() {
    WebSocketClient client(http(), std::string(kPath) + "websocket");
    client.send("40");
    if (!receive_until(client, "40{")) return false;
    client.send("421[\"join\",\"room\"]");
    client.send("422[\"join\",\"room " + std::to_string(below(1'000)) + "\"]");
    if (!receive_until(client, "432[")) return false;
    if (below(2) == 0) {
      client.send("423[\"ask me\"]");  // and gets no answer
      if (!receive_until(client, "433[")) return false;
    }
    return ends_somehow(client);
  }

  bool joins_several_namespaces() {
    WebSocketClient client(http(), std::string(kPath) + "websocket");
    for (int i = 0; i < 3; ++i) {
      const std::string name = "/d/" + std::to_string(below(40));
      client.send("40" + name + ",");
      if (!receive_until(client, "40" + name + ",{")) return i > 0;  // twice the same name: cut off
    }
    return ends_somehow(client);
  }

  // Refused by the middleware, or kept waiting by it.
  bool is_not_let_in() {
    WebSocketClient client(http(), std::string(kPath) + "websocket");
    if (below(2) == 0) {
      client.send("40{\"refuse\":true}");
      const bool refused = receive_until(client, "44{");
      cut(client.tcp());
      return refused;
    }
    client.send("40{\"hold\":true}");
    const bool opened = receive_until(client, "0{");
    cut(client.tcp());
    return opened;
  }

  bool polls_and_is_cut() {
    auto gets = http(), posts = http();
    const std::string sid = open_by_polling(gets);
    if (sid.empty()) return false;
    const std::string target = std::string(kPath) + "polling&sid=" + sid;
    if (posts.post(target, "40").status != 200) return false;
    if (!polled_until(gets, target, "40{")) return false;
    if (posts
            .post(target,
                  "421[\"join\",\"room\"]\x1e"
                  "422[\"sync\"]")
            .status != 200)
      return false;
    if (!polled_until(gets, target, "432[")) return false;
    switch (below(5)) {
      case 0:  // in the middle of a body
        posts.tcp().send(HttpClient::request("POST", target, "42[\"sync\"]").substr(0, 140));
        break;
      case 1:  // while a poll waits
        gets.tcp().send(HttpClient::request("GET", target));
        break;
      case 2:  // two polls at once
        gets.tcp().send(HttpClient::request("GET", target));
        posts.tcp().send(HttpClient::request("GET", target));
        break;
      case 3:
        posts.post(target, "1");
        break;
      default:
        posts.post(target, "42[\"go\",true]");
        break;
    }
    cut(gets.tcp());
    cut(posts.tcp());
    return true;
  }

  // From polling to WebSocket, ended before or after each step.
  bool upgrades() {
    auto gets = http(), posts = http();
    const std::string sid = open_by_polling(gets);
    if (sid.empty()) return false;
    const std::string target = std::string(kPath) + "polling&sid=" + sid;
    posts.post(target, "40");
    if (!polled_until(gets, target, "40{")) return false;
    const unsigned last_step = below(6);
    WebSocketClient socket(http(), std::string(kPath) + "websocket&sid=" + sid);
    bool fine = socket.response().status == 101;
    if (fine && last_step >= 1) gets.tcp().send(HttpClient::request("GET", target));
    if (fine && last_step >= 2) socket.send("2probe");
    if (fine && last_step >= 3) fine = receive_until(socket, "3probe");
    if (fine && last_step >= 4) {
      socket.send("5");
      socket.send("421[\"sync\"]");
    }
    if (fine && last_step >= 5) fine = receive_until(socket, "431[") && ends_somehow(socket);
    cut(socket.tcp());
    cut(gets.tcp());
    cut(posts.tcp());
    return fine;
  }

  // Lost and back with its private id, which with recovery brings the same socket.
  bool comes_back() {
    WebSocketClient client(http(), std::string(kPath) + "websocket");
    client.send("40");
    std::string answer;
    if (!receive_until(client, "40{", &answer)) return false;
    client.send("421[\"join\",\"room\"]");
    std::string event;
    if (!receive_until(client, "42[\"tick\"", &event)) return false;
    cut(client.tcp());
    const auto quote = event.rfind('"');
    const auto begin = event.rfind('"', quote - 1) + 1;
    WebSocketClient again(http(), std::string(kPath) + "websocket");
    again.send("40{\"pid\":\"" + test::string_member(answer, "pid") + "\",\"offset\":\"" +
               event.substr(begin, quote - begin) + "\"}");
    if (!receive_until(again, "40{")) return false;
    return ends_somehow(again);
  }

 private:
  void cut(TcpClient& tcp) {
    if (below(2) == 0) {
      tcp.reset();
    } else {
      tcp.close();
    }
  }

  bool ends_somehow(WebSocketClient& client) {
    switch (below(9)) {
      case 0:
        client.send("41");
        break;
      case 1:
        client.send("1");
        break;
      case 2:
        client.tcp().send(test::client_frame({.opcode = 8, .payload = "\x03\xe8"}));
        break;
      case 3:
        client.send("what is this");
        break;
      case 4:
        client.send("451-[\"sync\",{\"_placeholder\":true,\"num\":0}]");  // the bytes never come
        break;
      case 5:
        client.tcp().send(test::client_text("42[\"sync\"]").substr(0, 7));
        break;
      case 6:
        client.send(below(2) == 0 ? "42[\"go\",true]" : "42[\"go\",false]");
        break;
      default:
        break;
    }
    cut(client.tcp());
    return true;
  }

  // Answers pings, and what the server asks on the way, now and then.
  bool receive_until(WebSocketClient& client, std::string_view start, std::string* found = nullptr) {
    while (auto frame = client.receive()) {
      if (frame->opcode == 8) return false;
      if (frame->payload.starts_with(start)) {
        if (found != nullptr) *found = std::move(frame->payload);
        return true;
      }
      if (frame->payload == "2") client.send("3");
      if (frame->payload.ends_with("[\"ask\"]") && below(2) == 0) {
        const auto id = frame->payload.substr(2, frame->payload.find('[') - 2);
        client.send("43" + id + "[1]");
      }
    }
    return false;
  }

  std::string open_by_polling(HttpClient& gets) {
    return test::string_member(gets.get(std::string(kPath) + "polling").body, "sid");
  }
  bool polled_until(HttpClient& gets, const std::string& target, std::string_view text) {
    for (int i = 0; i < 1'000; ++i) {
      const auto response = gets.get(target);
      if (response.status != 200) return false;
      if (response.body.find(text) != std::string::npos) return true;
    }
    return false;
  }

  SocketIoServer& server_;
  std::mt19937 random_;
};

struct Kind {
  const char* name;
  bool (Life::*live)();
};
inline constexpr std::array kKinds{
    Kind{"ends within the handshake", &Life::ends_within_the_handshake},
    Kind{"opens a session", &Life::opens_a_session},
    Kind{"talks and is cut", &Life::talks_and_is_cut},
    Kind{"joins several namespaces", &Life::joins_several_namespaces},
    Kind{"is not let in", &Life::is_not_let_in},
    Kind{"polls and is cut", &Life::polls_and_is_cut},
    Kind{"upgrades", &Life::upgrades},
    Kind{"comes back", &Life::comes_back},
};

}  // namespace togglecast::testing
