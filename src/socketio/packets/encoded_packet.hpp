// A packet encoded once for any number of receivers: a text frame, then a binary frame per attachment.
// Thread rule: immutable after construction; copies share the frames.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/shared_bytes.hpp"
#include "engineio/session.hpp"
#include "socketio/packets/arguments.hpp"

namespace togglecast::socketio {

/// The attachments of arguments: bytes, or frames made of them by `EncodedPacket::frame`, which many packets
/// then share.
enum class Attachments : bool { bytes, frames };

class EncodedPacket {
 public:
  /// An attachment that is ready to be sent, for `Attachments::frames`.
  [[nodiscard]] static SharedBytes frame(std::string_view bytes);

  /// An event; `args.values[0]` is its name.
  [[nodiscard]] static EncodedPacket event(std::string_view nsp, const Arguments& args,
                                           std::optional<std::uint64_t> ack_id = {},
                                           Attachments attachments = Attachments::bytes);
  [[nodiscard]] static EncodedPacket ack(std::string_view nsp, std::uint64_t ack_id, const Arguments& args,
                                         Attachments attachments = Attachments::bytes);
  /// The same, with arguments from `argument_text`.
  [[nodiscard]] static EncodedPacket ack(std::string_view nsp, std::uint64_t ack_id, std::string_view args);
  /// The same, with arguments in three parts, which follow each other: what is large is copied once. Of an
  /// event, the name is the first argument.
  struct Parts {
    std::string_view begin, middle, end;
  };
  [[nodiscard]] static EncodedPacket event(std::string_view nsp, const Parts& args);
  [[nodiscard]] static EncodedPacket ack(std::string_view nsp, std::uint64_t ack_id, const Parts& args);
  /// Any packet without attachments, as text.
  [[nodiscard]] static EncodedPacket text(std::string_view packet);

  void send_to(engineio::Session& session) const {
    session.send(text_);
    for (const auto& frame : attachments_) session.send(frame);
  }
  /// Sends without the session; see `engineio::Session::outlet`.
  void send_to(net::Shard& shard, net::Outlets::Index outlet) const {
    shard.send(outlet, text_);
    for (const auto& frame : attachments_) shard.send(outlet, frame);
  }
  [[nodiscard]] std::size_t frames() const noexcept { return 1 + attachments_.size(); }
  /// The size of all frames together.
  [[nodiscard]] std::size_t bytes() const noexcept {
    std::size_t sum = text_.size();
    for (const auto& frame : attachments_) sum += frame.size();
    return sum;
  }

 private:
  EncodedPacket(SharedBytes text, std::vector<SharedBytes> attachments, Attachments are);

  SharedBytes text_;
  std::vector<SharedBytes> attachments_;
};

}  // namespace togglecast::socketio
