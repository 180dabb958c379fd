// A Socket.IO client of one namespace, over polling or over WebSocket, as stock clients are: it answers
// pings, keeps `pid` and the newest offset, and can come back with them. Thread rule: the loop's thread; it
// waits.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/probe/http_call.hpp"
#include "app/probe/link.hpp"
#include "base/random.hpp"
#include "wire/socketio/packet.hpp"
#include "wire/websocket/client_frames.hpp"

namespace togglecast::app::probe {

/// An event that arrived.
struct Heard {
  std::string event;
  json::value data;  ///< its first argument
  TimePoint at{};
};

class ProbeSocket {
 public:
  enum class Transport : bool { polling, websocket };
  using Wanted = std::function<bool(const json::value& data)>;

  ProbeSocket(Loop& loop, const Target& target, Transport transport, std::string nsp);
  ~ProbeSocket();
  ProbeSocket(const ProbeSocket&) = delete;
  ProbeSocket& operator=(const ProbeSocket&) = delete;

  /// Begins a session and joins the namespace. A CONNECT_ERROR is an error with its `data.code`.
  [[nodiscard]] Result<void> connect(json::object auth);
  /// Cuts the connection without a word, as a lost network does.
  void cut();
  /// Ends the connection as clients do, so that the server need not wait for its heartbeat.
  void leave();
  /// What a stock client adds to `auth` when it comes back; empty without a `pid`.
  [[nodiscard]] json::object resumption() const;

  /// Sends without asking for an acknowledgement.
  void emit(std::string_view event, json::value data);
  /// Sends and waits for the acknowledgement. A refusal is an error with the server's code and sentence.
  [[nodiscard]] Result<json::value> ask(std::string_view event, json::value data);
  /// The first event of this name that arrived since `forget` and is `wanted`.
  [[nodiscard]] Result<Heard> next(std::string_view event, const Wanted& wanted = {});
  /// The same, if it has arrived.
  [[nodiscard]] const Heard* find(std::string_view event, const Wanted& wanted = {}) const;
  /// Waits until the server has ended the connection or the namespace.
  [[nodiscard]] Result<void> ended();
  void forget() { heard_.clear(); }
  [[nodiscard]] bool open() const noexcept { return joined_ && failure_.empty(); }
  /// Waits until any of these has arrived, and answers its name.
  [[nodiscard]] Result<std::string> next_of(std::initializer_list<std::string_view> events);

 private:
  void start_websocket();
  void on_websocket_bytes(std::string_view bytes);
  void on_handshake_answer();
  void on_frames();
  void start_polling();
  void poll();
  void post();
  void on_engine_packet(std::string_view packet);
  void on_message(Result<std::optional<wire::socketio::Packet>> decoded);
  void on_packet(wire::socketio::Packet&& packet);
  void send_engine(std::string packet);
  void send_frame(wire::websocket::Opcode opcode, std::string_view payload);
  void send_event(std::string_view event, json::value data, std::optional<std::uint64_t> ack);
  void fail_with(std::string why);
  void say_goodbye();
  [[nodiscard]] Error failure() const;

  Loop& loop_;
  const Target& target_;
  Transport transport_;
  std::string nsp_;
  json::object auth_;
  SystemRandom random_;
  wire::socketio::Decoder decoder_;

  std::shared_ptr<Link> socket_;       // of the WebSocket
  std::shared_ptr<Link> poll_, post_;  // of the requests under way
  std::string key_;                    // of the WebSocket's handshake
  std::string handshake_;              // its answer, until it is complete
  bool upgraded_ = false;
  wire::websocket::ServerFrameReader frames_;
  std::deque<std::string> to_post_;
  std::string sid_;    // of the session
  bool over_ = false;  // the server has ended the session

  bool joined_ = false;
  std::string failure_;  // why it cannot go on; empty: it can
  Errc failure_code_ = Errc::unavailable;
  std::string pid_, offset_;
  std::deque<Heard> heard_;
  std::map<std::uint64_t, json::value> answers_;
  std::uint64_t asked_ = 0;
};

}  // namespace togglecast::app::probe
