#include "app/probe/probe_socket.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/base64.hpp"
#include "base/random.hpp"
#include "wire/engineio/packet.hpp"
#include "wire/websocket/handshake.hpp"

namespace togglecast::app::probe {
namespace {

using wire::socketio::PacketType;
using wire::websocket::Opcode;

constexpr std::size_t kLargestMessage = std::size_t{64} << 20;
constexpr std::string_view kPath = "/socket.io/?EIO=4&transport=";
constexpr std::size_t kMostHeard = 10'000;
constexpr Milliseconds kFarewell{1'000};

Errc code_of(std::string_view name) {
  for (const Errc code : {Errc::token_invalid, Errc::token_expired, Errc::revoked, Errc::forbidden,
                          Errc::rate_limited, Errc::not_found, Errc::invalid_argument, Errc::conflict,
                          Errc::unauthenticated, Errc::already_exists, Errc::payload_too_large})
    if (to_string(code) == name) return code;
  return Errc::unavailable;
}

}  // namespace

ProbeSocket::ProbeSocket(Loop& loop, const Target& target, Transport transport, std::string nsp)
    : loop_(loop),
      target_(target),
      transport_(transport),
      nsp_(std::move(nsp)),
      decoder_({.attachments = 10, .json = {.depth = 64}}),
      frames_(kLargestMessage) {}

ProbeSocket::~ProbeSocket() {
  cut();
  say_goodbye();
}

// No connection ends with a session over polling that was cut: it would stay until its heartbeat ends it.
void ProbeSocket::say_goodbye() {
  if (transport_ != Transport::polling || sid_.empty() || over_) return;
  const HttpRequest request{
      "POST", std::string(kPath) + "polling&sid=" + sid_, {{"Content-Type", "text/plain"}}, "1"};
  bool answered = false;
  const auto call = start_call(loop_, target_, request,
                               [&answered](const Result<wire::http::Response>&) { answered = true; });
  (void)loop_.wait_for(kFarewell, [&answered] { return answered; });
  call->close();
}

void ProbeSocket::cut() {
  for (auto* link : {&socket_, &poll_, &post_})
    if (*link != nullptr) std::exchange(*link, nullptr)->close();
  if (failure_.empty()) failure_ = "the connection was cut here";
}

void ProbeSocket::leave() {
  if (open()) {
    send_engine("1");
    (void)loop_.wait_for(kFarewell, [this] { return !failure_.empty(); });
  }
  cut();
}

json::object ProbeSocket::resumption() const {
  if (pid_.empty()) return {};
  json::object more{{"pid", pid_}};
  if (!offset_.empty()) more["offset"] = offset_;
  return more;
}

Result<void> ProbeSocket::connect(json::object auth) {
  auth_ = std::move(auth);
  if (transport_ == Transport::websocket) {
    start_websocket();
  } else {
    start_polling();
  }
  auto waited = loop_.wait("the CONNECT of " + nsp_, [this] { return joined_ || !failure_.empty(); });
  if (!waited) return waited;
  if (!joined_) return tl::unexpected(failure());
  return {};
}

Error ProbeSocket::failure() const { return {failure_code_, failure_, {}}; }

void ProbeSocket::fail_with(std::string why) {
  if (failure_.empty()) failure_ = std::move(why);
}

void ProbeSocket::start_websocket() {
  std::array<std::uint8_t, 16> raw{};
  random_.fill(raw);
  key_ = base64_encode({reinterpret_cast<const char*>(raw.data()), raw.size()});
  const HttpRequest request{
      "GET",
      std::string(kPath) + "websocket",
      {{"Upgrade", "websocket"}, {"Sec-WebSocket-Version", "13"}, {"Sec-WebSocket-Key", key_}},
      {}};
  Link::Events events;
  events.on_open = [this, text = request_text(target_, request, "Upgrade")] { socket_->send(text); };
  events.on_bytes = [this](std::string_view bytes) { on_websocket_bytes(bytes); };
  events.on_end = [this](const std::string& why) {
    fail_with(why.empty() ? "the server closed the connection" : why);
  };
  socket_ = std::make_shared<Link>(loop_, target_, std::move(events));
  socket_->open();
}

void ProbeSocket::on_websocket_bytes(std::string_view bytes) {
  if (upgraded_) {
    frames_.add(bytes);
    return on_frames();
  }
  handshake_ += bytes;
  if (handshake_.find("\r\n\r\n") != std::string::npos) on_handshake_answer();
}

void ProbeSocket::on_handshake_answer() {
  const std::size_t end = handshake_.find("\r\n\r\n");
  const std::string_view head = std::string_view(handshake_).substr(0, end);
  if (head.find(" 101 ") != 8 || head.find(wire::websocket::accept_key(key_)) == std::string_view::npos)
    return fail_with("the WebSocket handshake was answered with " +
                     std::string(head.substr(0, head.find("\r\n"))));
  upgraded_ = true;
  frames_.add(std::string_view(handshake_).substr(end + 4));
  handshake_.clear();
  on_frames();
}

void ProbeSocket::on_frames() {
  while (failure_.empty()) {
    auto message = frames_.next();
    if (!message) return fail_with(message.error().message);
    if (!*message) return;
    const std::string& payload = (*message)->payload;
    switch ((*message)->opcode) {
      case Opcode::text:
        on_engine_packet(payload);
        break;
      case Opcode::binary:
        on_message(decoder_.binary(payload));
        break;
      case Opcode::ping:
        send_frame(Opcode::pong, payload);
        break;
      case Opcode::close: {
        const bool has_code = payload.size() >= 2;
        const auto high = has_code ? static_cast<unsigned char>(payload[0]) : 0U;
        const auto low = has_code ? static_cast<unsigned char>(payload[1]) : 0U;
        fail_with("the server closed the WebSocket with code " + std::to_string(high * 256 + low));
        break;
      }
      case Opcode::pong:
      case Opcode::continuation:
        break;
    }
  }
}

void ProbeSocket::send_frame(Opcode opcode, std::string_view payload) {
  std::array<char, 4> mask{};
  std::array<std::uint8_t, 4> raw{};
  random_.fill(raw);
  std::copy(raw.begin(), raw.end(), mask.begin());
  if (socket_ != nullptr) socket_->send(wire::websocket::encode_masked(opcode, payload, mask));
}

void ProbeSocket::start_polling() { poll(); }

void ProbeSocket::poll() {
  HttpRequest request;
  request.target = std::string(kPath) + "polling";
  if (!sid_.empty()) request.target += "&sid=" + sid_;
  poll_ = start_call(loop_, target_, request, [this](const Result<wire::http::Response>& answer) {
    if (!failure_.empty()) return;
    if (!answer) return fail_with(answer.error().message);
    over_ = answer->status != 200;
    if (over_)
      return fail_with("a poll was answered with " + std::to_string(answer->status) + ' ' + answer->body);
    wire::engineio::PayloadReader reader(answer->body);
    std::string_view packet;
    while (failure_.empty() && reader.next(packet)) on_engine_packet(packet);
    if (failure_.empty()) poll();
  });
}

void ProbeSocket::post() {
  if (post_ != nullptr || to_post_.empty() || !failure_.empty()) return;
  HttpRequest request{
      "POST", std::string(kPath) + "polling&sid=" + sid_, {{"Content-Type", "text/plain"}}, {}};
  for (const auto& packet : std::exchange(to_post_, {})) {
    if (!request.body.empty()) request.body += wire::engineio::kSeparator;
    request.body += packet;
  }
  post_ = start_call(loop_, target_, request, [this](const Result<wire::http::Response>& answer) {
    post_ = nullptr;
    if (!failure_.empty()) return;
    if (!answer) return fail_with(answer.error().message);
    if (answer->status != 200)
      return fail_with("a POST of packets was answered with " + std::to_string(answer->status));
    post();
  });
}

void ProbeSocket::send_engine(std::string packet) {
  if (transport_ == Transport::websocket) return send_frame(Opcode::text, packet);
  to_post_.push_back(std::move(packet));
  post();
}

void ProbeSocket::on_engine_packet(std::string_view text) {
  const auto packet = wire::engineio::decode(text);
  if (!packet) return fail_with("the server sent a packet that is none of Engine.IO");
  using Type = wire::engineio::PacketType;
  switch (packet->type) {
    case Type::open: {
      const auto open = json::parse(packet->data);
      sid_ = open ? std::string(json::string_or_empty(*open, "sid")) : std::string();
      if (sid_.empty()) return fail_with("the open packet has no session id");
      return send_engine("40" + nsp_ + ',' + json::serialize(auth_));
    }
    case Type::ping:
      return send_engine("3");
    case Type::close:
      over_ = true;
      return fail_with("the server closed the session");
    case Type::message:
      if (packet->binary) return on_message(decoder_.binary(wire::engineio::decode_binary(packet->data)));
      if (packet->data.starts_with('4')) {  // CONNECT_ERROR: the decoder of a server drops its payload
        const std::size_t brace = packet->data.find('{');
        const auto error = json::parse(brace == std::string_view::npos ? std::string_view("{}")
                                                                       : packet->data.substr(brace));
        const json::value* data = error ? json::find(*error, "data") : nullptr;
        if (data != nullptr) failure_code_ = code_of(json::string_or_empty(*data, "code"));
        return fail_with("the server refused the CONNECT: " +
                         (error ? std::string(json::string_or_empty(*error, "message")) : std::string()));
      }
      return on_message(decoder_.text(packet->data));
    case Type::pong:
    case Type::upgrade:
    case Type::noop:
      return;
  }
}

void ProbeSocket::on_message(Result<std::optional<wire::socketio::Packet>> decoded) {
  if (!decoded) return fail_with("the server sent a packet that cannot be read: " + decoded.error().message);
  if (*decoded) on_packet(**std::move(decoded));
}

void ProbeSocket::on_packet(wire::socketio::Packet&& packet) {
  if (packet.nsp != nsp_) return;
  auto& values = packet.args.values;
  switch (packet.type) {
    case PacketType::connect:
      joined_ = true;
      pid_ = json::string_or_empty(packet.auth, "pid");
      return;
    case PacketType::disconnect:
      return fail_with("the server ended the namespace");
    case PacketType::ack:
      if (packet.ack_id) answers_[*packet.ack_id] = values.empty() ? json::value(nullptr) : values.front();
      return;
    case PacketType::event: {
      if (values.empty() || !values.front().is_string()) return;
      // As stock clients do: with a pid, a text behind the arguments is the offset.
      if (!pid_.empty() && values.back().is_string())
        offset_ = std::string(values.back().get_string().data(), values.back().get_string().size());
      Heard heard{std::string(values.front().get_string()),
                  values.size() > 1 ? std::move(values[1]) : json::value(nullptr), Loop::now()};
      if (heard_.size() >= kMostHeard) heard_.pop_front();
      heard_.push_back(std::move(heard));
      if (packet.ack_id)  // a message that wants to be acknowledged
        send_engine('4' + wire::socketio::begin_ack(nsp_, *packet.ack_id) + ']');
      return;
    }
    case PacketType::connect_error:
    case PacketType::binary_event:
    case PacketType::binary_ack:
      return;
  }
}

void ProbeSocket::send_event(std::string_view event, json::value data, std::optional<std::uint64_t> ack) {
  wire::socketio::Arguments args;
  args.values.emplace_back(event);
  args.values.push_back(std::move(data));
  send_engine('4' + wire::socketio::encode_event(nsp_, ack, args).text);
}

void ProbeSocket::emit(std::string_view event, json::value data) {
  send_event(event, std::move(data), std::nullopt);
}

Result<json::value> ProbeSocket::ask(std::string_view event, json::value data) {
  const std::uint64_t id = ++asked_;
  send_event(event, std::move(data), id);
  const auto waited = loop_.wait("the acknowledgement of " + std::string(event),
                                 [&] { return answers_.contains(id) || !failure_.empty(); });
  if (!waited) return tl::unexpected(waited.error());
  const auto found = answers_.find(id);
  if (found == answers_.end()) return tl::unexpected(failure());
  json::value answer = std::move(found->second);
  answers_.erase(found);
  if (const json::value* error = json::find(answer, "error"))
    return fail(
        code_of(json::string_or_empty(*error, "code")),
        std::string(event) + " was refused: " + std::string(json::string_or_empty(*error, "message")));
  return answer;
}

const Heard* ProbeSocket::find(std::string_view event, const Wanted& wanted) const {
  const auto found = std::find_if(heard_.begin(), heard_.end(), [&](const Heard& one) {
    return one.event == event && (!wanted || wanted(one.data));
  });
  return found == heard_.end() ? nullptr : &*found;
}

Result<Heard> ProbeSocket::next(std::string_view event, const Wanted& wanted) {
  const auto waited = loop_.wait("the event " + std::string(event),
                                 [&] { return find(event, wanted) != nullptr || !failure_.empty(); });
  if (const Heard* heard = find(event, wanted)) return *heard;
  if (!waited) return tl::unexpected(waited.error());
  return tl::unexpected(failure());
}

Result<std::string> ProbeSocket::next_of(std::initializer_list<std::string_view> events) {
  const auto arrived = [&]() -> std::string {
    for (const std::string_view event : events)
      if (find(event) != nullptr) return std::string(event);
    return {};
  };
  const auto waited = loop_.wait("an event", [&] { return !arrived().empty() || !failure_.empty(); });
  if (std::string name = arrived(); !name.empty()) return name;
  if (!waited) return tl::unexpected(waited.error());
  return tl::unexpected(failure());
}

Result<void> ProbeSocket::ended() {
  return loop_.wait("the end of the connection", [this] { return !failure_.empty(); });
}

}  // namespace togglecast::app::probe
