#include "wire/websocket/client_frames.hpp"

#include <cstdint>
#include <utility>

namespace togglecast::wire::websocket {
namespace {

constexpr unsigned kFinal = 0x80, kReserved = 0x70, kOpcode = 0x0f, kMasked = 0x80, kLength = 0x7f;
constexpr std::size_t kLargestControl = 125;

bool is_known(unsigned opcode) { return opcode <= 2 || (opcode >= 8 && opcode <= 10); }

}  // namespace

std::string encode_masked(Opcode opcode, std::string_view payload, const std::array<char, 4>& mask) {
  std::string frame(header_size(payload.size()), '\0');
  write_header(frame.data(), opcode, payload.size());
  frame[1] = static_cast<char>(static_cast<unsigned char>(frame[1]) | kMasked);
  frame.append(mask.data(), mask.size());
  for (std::size_t i = 0; i < payload.size(); ++i)
    frame += static_cast<char>(payload[i] ^ mask[i % mask.size()]);
  return frame;
}

Result<std::optional<ServerMessage>> ServerFrameReader::next() {
  const auto byte = [this](std::size_t at) { return static_cast<unsigned char>(input_[at]); };
  while (input_.size() >= 2) {
    const unsigned opcode = byte(0) & kOpcode;
    const bool control = opcode >= 8;
    const bool final = (byte(0) & kFinal) != 0;
    if ((byte(0) & kReserved) != 0)
      return fail(Errc::parse_error, "a frame has RSV bits that nobody agreed on");
    if ((byte(1) & kMasked) != 0) return fail(Errc::parse_error, "a frame of the server is masked");
    if (!is_known(opcode)) return fail(Errc::parse_error, "a frame has an unknown opcode");
    std::size_t header = 2;
    std::uint64_t length = byte(1) & kLength;
    if (length > kLargestControl) {
      const std::size_t digits = length == 126 ? 2 : 8;
      header += digits;
      if (input_.size() < header) return std::nullopt;
      length = 0;
      for (std::size_t i = 2; i < header; ++i) length = length << 8 | byte(i);
    }
    if (control && (!final || length > kLargestControl))
      return fail(Errc::parse_error, "a control frame is fragmented or too long");
    if (!control && (opcode == 0) != open_.has_value())
      return fail(Errc::parse_error, "a fragment has no beginning, or a message begins within another");
    if (length > most_ || (open_ && open_->payload.size() + length > most_))
      return fail(Errc::payload_too_large, "a message has more than " + std::to_string(most_) + " bytes");
    const auto size = static_cast<std::size_t>(length);
    if (input_.size() < header + size) return std::nullopt;
    std::string payload = input_.substr(header, size);
    input_.erase(0, header + size);
    if (control) return ServerMessage{static_cast<Opcode>(opcode), std::move(payload)};
    if (opcode != 0) {
      open_ = ServerMessage{static_cast<Opcode>(opcode), std::move(payload)};
    } else {
      open_->payload += payload;
    }
    if (final) return std::exchange(open_, std::nullopt);
  }
  return std::nullopt;
}

}  // namespace togglecast::wire::websocket
