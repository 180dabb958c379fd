#include <array>
#include <bit>
#include <cstring>
#include <string>
#include <utility>

#include "base/utf8.hpp"
#include "wire/websocket/deflate.hpp"
#include "wire/websocket/frame.hpp"

namespace togglecast::wire::websocket {
namespace {

constexpr std::uint8_t kContinuation = 0;
constexpr std::uint8_t kText = 1;
constexpr std::uint8_t kBinary = 2;
constexpr std::uint8_t kClose = 8;
constexpr std::uint8_t kPing = 9;
constexpr std::uint8_t kPong = 10;
constexpr std::size_t kMaxHeader = 14;
constexpr std::size_t kMaxControl = 125;
constexpr std::uint8_t kReservedBits = 0x70;
constexpr std::uint8_t kRsv1 = 0x40;

constexpr std::string_view kTooBig = "message too big";
constexpr std::string_view kNotUtf8 = "text is not valid UTF-8";

constexpr bool is_control(std::uint8_t opcode) { return (opcode & 8) != 0; }

// Bytes that a header beginning with these `have` bytes has, as far as they tell.
constexpr std::size_t header_bytes(const std::uint8_t* header, std::size_t have) {
  if (have < 2) return 2;
  const unsigned length = header[1] & 0x7fU;
  return length == 127 ? 14 : length == 126 ? 8 : 6;
}

std::uint64_t big_endian(const std::uint8_t* bytes, std::size_t count) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < count; ++i) number = number << 8 | bytes[i];
  return number;
}

// The masking key as it lies in memory, turned so that it fits the byte after the next `count`.
std::uint32_t turned(std::uint32_t mask, std::size_t count) {
  const int bits = static_cast<int>(count % 4) * 8;
  return std::endian::native == std::endian::little ? std::rotr(mask, bits) : std::rotl(mask, bits);
}

void unmask(char* data, std::size_t size, std::uint32_t mask) noexcept {
  const std::uint64_t wide = static_cast<std::uint64_t>(mask) << 32 | mask;
  std::size_t i = 0;
  for (; i + sizeof wide <= size; i += sizeof wide) {
    std::uint64_t word = 0;
    std::memcpy(&word, data + i, sizeof word);
    word ^= wide;
    std::memcpy(data + i, &word, sizeof word);
  }
  char key[sizeof mask];
  std::memcpy(key, &mask, sizeof mask);
  for (; i < size; ++i) data[i] = static_cast<char>(data[i] ^ key[i % sizeof mask]);
}

}  // namespace

struct Decoder::Header {
  std::uint8_t opcode = 0;
  bool final = false;
  bool compressed = false;
  std::uint64_t length = 0;
  std::uint32_t mask = 0;  // as it lies in memory
};

struct Decoder::Gathering {
  // The open message; its opcode is 0 when there is none.
  std::string message;
  std::size_t fragments = 0;
  std::uint8_t message_opcode = 0;
  bool compressed = false;
  Utf8Validator utf8;
  // The cut frame.
  bool in_frame = false;
  Header frame;
  std::uint64_t remaining = 0;
  std::uint8_t control_size = 0;
  std::array<char, kMaxControl> control;
  // The cut header.
  std::uint8_t header_size = 0;
  std::array<std::uint8_t, kMaxHeader> header;

  [[nodiscard]] bool idle() const noexcept { return message_opcode == 0 && !in_frame && header_size == 0; }
};

void Decoder::GatheringDeleter::operator()(Gathering* gathering) const noexcept { delete gathering; }

Decoder::Gathering& Decoder::gathering() {
  if (!gathering_) gathering_.reset(new Gathering);
  return *gathering_;
}

bool Decoder::message_open() const noexcept { return gathering_ && gathering_->message_opcode != 0; }

Event Decoder::next(char*& data, std::size_t& size, Inflater* inflater) {
  if (gathering_ && (done_ != 0 || gathering_->idle()))
    gathering_.reset();  // the view handed out last ends here
  if (inflater != nullptr) inflater->release();
  if (done_ != 0) {
    data += size;
    size = 0;
    return {};
  }
  while (true) {
    if (gathering_ && gathering_->in_frame) {
      if (size == 0) return {};
    } else {
      Header header;
      Event failure;
      if (!take_header(data, size, header, failure, inflater != nullptr)) return failure;
      if (failure = judge_size(header); failure.kind == Event::Kind::error) return failure;
      if (header.length <= size && (is_control(header.opcode) || (header.final && !message_open()))) {
        const auto length = static_cast<std::size_t>(header.length);
        unmask(data, length, header.mask);
        const std::string_view payload(data, length);
        data += length;
        size -= length;
        return in_place(header, payload, inflater);
      }
      auto& gathered = gathering();
      gathered.in_frame = true;
      gathered.frame = header;
      gathered.remaining = header.length;
      gathered.control_size = 0;
      if (!is_control(header.opcode)) {
        if (header.opcode != kContinuation) {
          gathered.message_opcode = header.opcode;
          gathered.compressed = header.compressed;
        }
        ++gathered.fragments;
      }
    }
    const Event event = take_payload(data, size, inflater);
    if (event.kind != Event::Kind::need_more) return event;
    if (gathering_->in_frame) return {};
  }
}

// False when the input ends before the header does, or a rule was broken; `result` is the event to return.
bool Decoder::take_header(char*& data, std::size_t& size, Header& header, Event& result,
                          bool may_be_compressed) {
  std::array<std::uint8_t, kMaxHeader> bytes;
  std::size_t have = 0;
  if (gathering_) {
    have = gathering_->header_size;
    std::memcpy(bytes.data(), gathering_->header.data(), have);
  }
  while (have < header_bytes(bytes.data(), have)) {
    if (size == 0) {
      if (have > 0) {
        auto& gathered = gathering();
        std::memcpy(gathered.header.data(), bytes.data(), have);
        gathered.header_size = static_cast<std::uint8_t>(have);
      }
      return false;
    }
    bytes[have++] = static_cast<std::uint8_t>(*data++);
    --size;
    if (have != 2) continue;
    if (const char* rule = broken_rule(bytes[0], bytes[1], may_be_compressed)) {
      result = fail(CloseCode::protocol_error, rule);
      return false;
    }
  }
  if (gathering_) gathering_->header_size = 0;
  header.opcode = bytes[0] & 15;
  header.final = (bytes[0] & 0x80) != 0;
  header.compressed = (bytes[0] & kRsv1) != 0;
  header.length = bytes[1] & 0x7f;
  if (header.length == 126)
    header.length = big_endian(bytes.data() + 2, 2);
  else if (header.length == 127)
    header.length = big_endian(bytes.data() + 2, 8);
  std::memcpy(&header.mask, bytes.data() + have - 4, 4);
  return true;
}

// What the first two bytes of a frame must not do (RFC 6455, 5.2, 5.4, 5.5; RFC 7692, 6), or nullptr.
const char* Decoder::broken_rule(std::uint8_t first, std::uint8_t second,
                                 bool may_be_compressed) const noexcept {
  const std::uint8_t opcode = first & 15;
  const bool begins_message = opcode == kText || opcode == kBinary;
  if ((first & kReservedBits) != 0 &&
      !(may_be_compressed && begins_message && (first & kReservedBits) == kRsv1))
    return "reserved bit set without an extension";
  if ((opcode > kBinary && opcode < kClose) || opcode > kPong) return "reserved opcode";
  if (is_control(opcode)) {
    if ((first & 0x80) == 0) return "fragmented control frame";
    if ((second & 0x7f) > kMaxControl) return "control frame longer than 125 bytes";
  } else if (opcode == kContinuation && !message_open()) {
    return "continuation frame without a message";
  } else if (opcode != kContinuation && message_open()) {
    return "new message inside a fragmented one";
  }
  if ((second & 0x80) == 0) return "client frame without a mask";
  return nullptr;
}

Event Decoder::judge_size(const Header& header) {
  if (is_control(header.opcode)) return {};
  const std::size_t have = message_open() ? gathering_->message.size() : 0;
  const bool compressed = message_open() ? gathering_->compressed : header.compressed;
  const std::size_t limit = compressed ? most_deflated(message_bytes_) : std::size_t{message_bytes_};
  if (header.length > limit - have) return fail(CloseCode::too_big, kTooBig);
  if (fragments_ != 0 && message_open() && gathering_->fragments >= fragments_)
    return fail(CloseCode::policy_violation, "too many fragments");
  return {};
}

// A control frame, or a message in one frame, that lies whole in the input.
Event Decoder::in_place(const Header& header, std::string_view payload, Inflater* inflater) {
  if (is_control(header.opcode)) return control(header.opcode, payload);
  if (header.compressed) return inflate(header.opcode, payload, *inflater);
  if (header.opcode == kBinary) return {Event::Kind::binary, payload};
  if (!is_valid_utf8(payload)) return fail(CloseCode::invalid_data, kNotUtf8);
  return {Event::Kind::text, payload};
}

Event Decoder::take_payload(char*& data, std::size_t& size, Inflater* inflater) {
  auto& gathered = *gathering_;
  const auto count = gathered.remaining < size ? static_cast<std::size_t>(gathered.remaining) : size;
  unmask(data, count, gathered.frame.mask);
  gathered.frame.mask = turned(gathered.frame.mask, count);
  const std::string_view piece(data, count);
  data += count;
  size -= count;
  gathered.remaining -= count;
  gathered.in_frame = gathered.remaining > 0;
  return append(piece, inflater);
}

Event Decoder::append(std::string_view piece, Inflater* inflater) {
  auto& gathered = *gathering_;
  if (is_control(gathered.frame.opcode)) {
    piece.copy(gathered.control.data() + gathered.control_size, piece.size());
    gathered.control_size = static_cast<std::uint8_t>(gathered.control_size + piece.size());
    if (gathered.in_frame) return {};
    return control(gathered.frame.opcode, {gathered.control.data(), gathered.control_size});
  }
  if (gathered.message_opcode == kText && !gathered.compressed && !gathered.utf8.feed(piece))
    return fail(CloseCode::invalid_data, kNotUtf8);
  gathered.message.append(piece);
  if (gathered.in_frame || !gathered.frame.final) return {};
  return finish_message(inflater);
}

Event Decoder::finish_message(Inflater* inflater) {
  auto& gathered = *gathering_;
  if (gathered.compressed)
    return inflate(std::exchange(gathered.message_opcode, kContinuation), gathered.message, *inflater);
  const bool text = gathered.message_opcode == kText;
  if (text && !gathered.utf8.complete())
    return fail(CloseCode::invalid_data, "text ends inside a UTF-8 character");
  gathered.message_opcode = 0;
  return {text ? Event::Kind::text : Event::Kind::binary, gathered.message};
}

Event Decoder::inflate(std::uint8_t opcode, std::string_view payload, Inflater& inflater) {
  const bool text = opcode == kText;
  switch (inflater.inflate(payload, message_bytes_, text)) {
    case Inflater::Outcome::whole:
      break;
    case Inflater::Outcome::too_big:
      return fail(CloseCode::too_big, kTooBig);
    case Inflater::Outcome::corrupt:
      return fail(CloseCode::invalid_data, "compressed data is corrupt");
    case Inflater::Outcome::invalid_text:
      return fail(CloseCode::invalid_data, kNotUtf8);
  }
  return {text ? Event::Kind::text : Event::Kind::binary, inflater.message()};
}

Event Decoder::control(std::uint8_t opcode, std::string_view payload) {
  if (opcode == kPing) return {Event::Kind::ping, payload};
  if (opcode == kPong) return {Event::Kind::pong, payload};
  if (payload.size() == 1) return fail(CloseCode::protocol_error, "close frame with half a code");
  Event event{Event::Kind::close};
  if (!payload.empty()) {
    event.code =
        static_cast<std::uint16_t>(big_endian(reinterpret_cast<const std::uint8_t*>(payload.data()), 2));
    if (!is_sendable_close_code(event.code))
      return fail(CloseCode::protocol_error, "close code that may not be sent");
    event.payload = payload.substr(2);
    if (!is_valid_utf8(event.payload))
      return fail(CloseCode::invalid_data, "close reason is not valid UTF-8");
  }
  done_ = 1;
  return event;
}

Event Decoder::fail(CloseCode code, std::string_view reason) noexcept {
  done_ = 1;
  return {Event::Kind::error, reason, static_cast<std::uint16_t>(code)};
}

}  // namespace togglecast::wire::websocket
