// Blocking Engine.IO 4 and Socket.IO 5 clients for tests, packets as text: `socket.send("42[\"hello\"]")`.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/websocket_client.hpp"

namespace togglecast::test {

/// The value of a string member in JSON text: enough for what servers say in open and CONNECT packets.
inline std::string string_member(std::string_view json, std::string_view name) {
  const std::string key = "\"" + std::string(name) + "\":\"";
  const std::size_t found = json.find(key);
  if (found == std::string_view::npos) return {};
  const std::size_t begin = found + key.size();
  return std::string(json.substr(begin, json.find('"', begin) - begin));
}

/// Long polling: one connection for GET, one for POST.
class PollingClient {
 public:
  PollingClient(HttpClient gets, HttpClient posts, std::string path = "/socket.io/")
      : gets_(std::move(gets)), posts_(std::move(posts)), path_(std::move(path)) {
    const auto response = gets_.get(target());
    EXPECT_EQ(response.status, 200) << response.body;
    sid_ = string_member(response.body, "sid");
  }

  [[nodiscard]] const std::string& sid() const noexcept { return sid_; }
  [[nodiscard]] std::string target() const {
    std::string made = path_ + "?EIO=4&transport=polling";
    if (!sid_.empty()) made += "&sid=" + sid_;
    return made;
  }

  HttpResponse post(std::string_view payload) { return posts_.post(target(), payload); }
  /// Asks for packets without waiting for the answer.
  void begin_poll() { gets_.tcp().send(HttpClient::request("GET", target())); }
  HttpResponse end_poll() { return gets_.receive(); }
  /// The packets that came with earlier polls and were not received yet, then those of the poll begun.
  std::vector<std::string> end_poll_with_packets() {
    const auto response = end_poll();
    EXPECT_EQ(response.status, 200);
    split(response.body);
    std::vector<std::string> all(packets_.begin(), packets_.end());
    packets_.clear();
    return all;
  }
  /// The next packet; pings are answered and noops skipped. Nothing when the session has ended.
  std::optional<std::string> receive() {
    while (true) {
      while (!packets_.empty()) {
        std::string packet = std::move(packets_.front());
        packets_.pop_front();
        if (packet == "2") {
          EXPECT_EQ(post("3").status, 200);
        } else if (packet != "6") {
          return packet;
        }
      }
      begin_poll();
      const auto response = end_poll();
      if (response.status != 200) return std::nullopt;
      split(response.body);
    }
  }
  [[nodiscard]] HttpClient& gets() noexcept { return gets_; }
  [[nodiscard]] HttpClient& posts() noexcept { return posts_; }

 private:
  void split(const std::string& payload) {
    for (std::size_t begin = 0; begin <= payload.size();) {
      const std::size_t end = std::min(payload.find('\x1e', begin), payload.size());
      packets_.push_back(payload.substr(begin, end - begin));
      begin = end + 1;
    }
  }

  HttpClient gets_;
  HttpClient posts_;
  std::string path_;
  std::string sid_;
  std::deque<std::string> packets_;
};

/// A session over WebSocket.
class SocketIoClient {
 public:
  explicit SocketIoClient(HttpClient http, std::string_view target = "/socket.io/?EIO=4&transport=websocket",
                          std::string_view headers = {})
      : websocket_(std::move(http), target, headers) {
    EXPECT_EQ(websocket_.response().status, 101) << websocket_.response().body;
    if (websocket_.response().status == 101) open_ = receive().value_or("");
  }

  /// The packet that opened the session.
  [[nodiscard]] const std::string& open_packet() const noexcept { return open_; }
  [[nodiscard]] std::string session_id() const { return string_member(open_, "sid"); }
  [[nodiscard]] WebSocketClient& websocket() noexcept { return websocket_; }
  [[nodiscard]] TcpClient& tcp() noexcept { return websocket_.tcp(); }
  void ignore_pings() noexcept { answers_pings_ = false; }

  bool send(std::string_view packet) { return websocket_.send(packet); }
  bool send_binary(std::string_view bytes) { return websocket_.send_binary(bytes); }

  /// The next packet, pings answered; `b:` and the bytes for a binary message; nothing when the connection
  /// has ended.
  std::optional<std::string> receive() {
    while (auto frame = websocket_.receive()) {
      if (frame->opcode == 8) return std::nullopt;
      if (frame->opcode == 2) return "b:" + frame->payload;
      if (frame->payload != "2") return std::move(frame->payload);
      if (answers_pings_) send("3");
    }
    return std::nullopt;
  }
  std::string next() { return receive().value_or("(the connection has ended)"); }

  /// Joins a namespace (`/chat`, empty: the main one) and returns the answer, `40…` or `44…`.
  std::string join(std::string_view nsp = {}, std::string_view auth = {}) {
    send("40" + prefix(nsp) + std::string(auth));
    std::string answer = next();
    sid_ = string_member(answer, "sid");
    pid_ = string_member(answer, "pid");
    return answer;
  }
  /// Of the namespace joined last.
  [[nodiscard]] const std::string& sid() const noexcept { return sid_; }
  [[nodiscard]] const std::string& pid() const noexcept { return pid_; }

  bool emit(std::string_view array, std::string_view nsp = {}) {
    return send("42" + prefix(nsp) + std::string(array));
  }
  /// Sends an event that is acknowledged, and returns what came before that and the acknowledgement (`43…`)
  /// last.
  std::vector<std::string> round_trip(std::string_view event = "sync", std::string_view nsp = {}) {
    const std::string id = std::to_string(++acks_);
    send("42" + prefix(nsp) + id + "[\"" + std::string(event) + "\"]");
    std::vector<std::string> received;
    const std::string expected = "43" + prefix(nsp) + id + "[";
    while (auto packet = receive()) {
      received.push_back(*std::move(packet));
      if (received.back().starts_with(expected)) return received;
    }
    ADD_FAILURE() << "the connection ended before " << expected;
    return received;
  }

 private:
  static std::string prefix(std::string_view nsp) { return nsp.empty() ? "" : std::string(nsp) + ","; }

  WebSocketClient websocket_;
  bool answers_pings_ = true;
  std::string open_, sid_, pid_;
  int acks_ = 0;
};

}  // namespace togglecast::test
