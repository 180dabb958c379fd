// An event from a client, and the acknowledgement that it may ask for.
// Thread rule: an Event belongs to its handler. Any thread may copy, keep and call an Ack.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/json.hpp"
#include "socketio/packets/arguments.hpp"

namespace togglecast::socketio {

class EncodedPacket;
class Socket;

/// Answers an event. Only the first call counts, and only while the socket is connected.
class Ack {
 public:
  Ack() = default;  ///< the client did not ask
  Ack(const std::shared_ptr<Socket>& socket, std::uint64_t id);

  /// True if the client asked for an answer.
  [[nodiscard]] bool wanted() const noexcept { return state_ != nullptr; }
  /// Throws std::length_error for more than 10 attachments, and the event counts as unanswered.
  void send(Arguments args) const;
  /// The same, of arguments that are JSON text, with commas between them; such as `Event::text`.
  void send_text(std::string_view args) const;
  /// The answer as a packet for `Socket::send`, for a caller that needs its size first. The event then counts
  /// as answered. Nothing if the client did not ask, or the event was answered before. On the socket's shard.
  [[nodiscard]] std::optional<EncodedPacket> encode(const Arguments& args) const;
  /// The same, of arguments that are text in three parts, see `EncodedPacket::Parts`.
  [[nodiscard]] std::optional<EncodedPacket> encode(std::string_view begin, std::string_view middle,
                                                    std::string_view end) const;
  /// The same, of arguments whose attachments are frames (`EncodedPacket::frame`).
  [[nodiscard]] std::optional<EncodedPacket> encode_framed(const Arguments& args) const;
  template <typename... T>
  void operator()(T&&... values) const {
    if (!wanted()) return;
    if constexpr ((is_binary<T> || ...)) {
      send(arguments(std::forward<T>(values)...));
    } else {
      send_text(argument_text(std::forward<T>(values)...));
    }
  }

 private:
  template <typename Encode>
  void answer_once(Encode encode) const;

  /// The socket owes one answer less. On its shard.
  static void settle(Socket& socket) noexcept;
  [[nodiscard]] std::optional<EncodedPacket> settled(std::optional<EncodedPacket> answer) const;

  struct State;
  std::shared_ptr<State> state_;
};

class Event {
 public:
  Event(Socket& socket, std::string name, Arguments&& args, Ack ack)
      : socket_(socket), name_(std::move(name)), args_(std::move(args)), ack_(std::move(ack)) {}
  /// The message that `plain` views must outlive this.
  Event(Socket& socket, const wire::socketio::PlainEvent& plain, Ack ack)
      : socket_(socket), name_(plain.name), plain_(plain), unread_(true), ack_(std::move(ack)) {}
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  ~Event() = default;

  [[nodiscard]] Socket& socket() const noexcept { return socket_; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  /// The arguments without the name.
  [[nodiscard]] const Arguments& args() const {
    if (unread_) read();
    return args_;
  }
  [[nodiscard]] std::size_t size() const { return args().values.size(); }
  /// The argument at `index`. JSON null if there are fewer.
  [[nodiscard]] const json::value& operator[](std::size_t index) const;
  /// The bytes of the argument at `index`. nullptr if it is not binary.
  [[nodiscard]] const SharedBytes* binary(std::size_t index) const;
  /// The arguments as the JSON text that came, with commas between them, for a handler that passes them on or
  /// needs little of them. No values are built for it. Without a value when the arguments came in another
  /// form (see base/text/plain_json.hpp) or have attachments: then use `args`. Good until the handler
  /// returns.
  [[nodiscard]] std::optional<std::string_view> text() const noexcept {
    return plain_.payload.empty() ? std::nullopt : std::optional(plain_.args);
  }

  [[nodiscard]] bool wants_ack() const noexcept { return ack_.wanted(); }
  /// Copy it to answer later.
  [[nodiscard]] const Ack& acknowledgement() const noexcept { return ack_; }
  template <typename... T>
  void ack(T&&... values) const {
    ack_(std::forward<T>(values)...);
  }

 private:
  void read() const;

  Socket& socket_;
  std::string name_;
  wire::socketio::PlainEvent plain_{};
  mutable bool unread_ = false;  // `args_` is still to be read from `plain_`
  mutable Arguments args_;
  Ack ack_;
};

}  // namespace togglecast::socketio
