#include "socketio/event.hpp"

#include <atomic>

#include "base/text/plain_json.hpp"
#include "net/shard.hpp"
#include "socketio/namespace.hpp"
#include "socketio/packets/encoded_packet.hpp"
#include "socketio/socket.hpp"

namespace togglecast::socketio {

struct Ack::State {
  State(const std::shared_ptr<Socket>& asker, std::uint64_t number)
      : socket(asker), shard(asker->shard()), id(number) {}
  std::weak_ptr<Socket> socket;
  net::Shard& shard;
  std::uint64_t id;
  std::atomic<bool> sent{false};
};

Ack::Ack(const std::shared_ptr<Socket>& socket, std::uint64_t id)
    : state_(std::make_shared<State>(socket, id)) {
  ++socket->owed_acks_;
}

void Ack::settle(Socket& socket) noexcept {
  if (socket.owed_acks_ > 0) --socket.owed_acks_;
}

// `encode` makes the packet from a namespace's name and the id.
template <typename Encode>
void Ack::answer_once(Encode encode) const {
  if (!wanted() || state_->sent.exchange(true)) return;
  auto answer = [state = state_, encode = std::move(encode)] {
    const auto socket = state->socket.lock();
    if (socket == nullptr) return;
    settle(*socket);
    if (socket->connected()) socket->send(encode(socket->nsp().name(), state->id));
  };
  if (state_->shard.is_current()) {
    answer();
  } else {
    state_->shard.post(std::move(answer));
  }
}

void Ack::send(Arguments args) const {
  if (wanted()) check_attachments(args);
  answer_once([args = std::move(args)](const std::string& nsp, std::uint64_t id) {
    return EncodedPacket::ack(nsp, id, args);
  });
}

void Ack::send_text(std::string_view args) const {
  if (!wanted()) return;
  if (state_->shard.is_current()) {
    const auto packet = encode({}, args, {});
    const auto socket = state_->socket.lock();
    if (packet && socket != nullptr && socket->connected()) socket->send(*packet);
    return;
  }
  answer_once([args = std::string(args)](const std::string& nsp, std::uint64_t id) {
    return EncodedPacket::ack(nsp, id, args);
  });
}

namespace {

std::optional<EncodedPacket> encode_once(const std::weak_ptr<Socket>& asker, std::uint64_t id,
                                         std::atomic<bool>& sent, const Arguments& args,
                                         Attachments attachments) {
  check_attachments(args);
  if (sent.exchange(true)) return std::nullopt;
  const auto socket = asker.lock();
  if (socket == nullptr) return std::nullopt;
  return EncodedPacket::ack(socket->nsp().name(), id, args, attachments);
}

}  // namespace

std::optional<EncodedPacket> Ack::encode(const Arguments& args) const {
  if (!wanted()) return std::nullopt;
  return settled(encode_once(state_->socket, state_->id, state_->sent, args, Attachments::bytes));
}

std::optional<EncodedPacket> Ack::encode(std::string_view begin, std::string_view middle,
                                         std::string_view end) const {
  if (!wanted() || state_->sent.exchange(true)) return std::nullopt;
  const auto socket = state_->socket.lock();
  if (socket == nullptr) return std::nullopt;
  return settled(
      EncodedPacket::ack(socket->nsp().name(), state_->id, EncodedPacket::Parts{begin, middle, end}));
}

std::optional<EncodedPacket> Ack::encode_framed(const Arguments& args) const {
  if (!wanted()) return std::nullopt;
  return settled(encode_once(state_->socket, state_->id, state_->sent, args, Attachments::frames));
}

std::optional<EncodedPacket> Ack::settled(std::optional<EncodedPacket> answer) const {
  if (const auto socket = state_->socket.lock(); answer && socket != nullptr) settle(*socket);
  return answer;
}

void Event::read() const {
  auto values = json::parse(plain_.payload, {.depth = json::kMostPlainDepth});
  if (values) {  // always: plain JSON is JSON
    args_.values = std::move(values->get_array());
    args_.values.erase(args_.values.begin());
  }
  unread_ = false;
}

const json::value& Event::operator[](std::size_t index) const {
  static const json::value kNull;
  const auto& values = args().values;
  return index < values.size() ? values[index] : kNull;
}

const SharedBytes* Event::binary(std::size_t index) const { return socketio::binary(args(), (*this)[index]); }

}  // namespace togglecast::socketio
