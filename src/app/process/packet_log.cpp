#include "app/process/packet_log.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "app/process/redaction.hpp"

namespace togglecast::app {
namespace {

using engineio::PacketTrace;
using engineio::TransportKind;

constexpr std::size_t kReadInFull = 64 * 1024;  // larger JSON is told by its size
constexpr std::size_t kHeldLines = 16;          // of a connection that has not logged in
constexpr std::size_t kShownData = 40;          // of packets that should have none

constexpr std::array<std::string_view, 7> kEngineTypes{"open",    "close",   "ping", "pong",
                                                       "message", "upgrade", "noop"};
constexpr std::array<std::string_view, 7> kSocketTypes{"CONNECT",       "DISCONNECT",   "EVENT",     "ACK",
                                                       "CONNECT_ERROR", "BINARY_EVENT", "BINARY_ACK"};

std::string size_only(std::size_t bytes) { return "(" + std::to_string(bytes) + " bytes)"; }

// What cannot be read may hold a secret in any place.
std::string redacted_json(std::string_view text, bool is_open_packet = false) {
  if (text.empty()) return {};
  if (text.size() > kReadInFull) return size_only(text.size());
  auto value = json::parse(text);
  if (!value) return "(unreadable, " + std::to_string(text.size()) + " bytes)";
  if (is_open_packet && value->is_object() && value->get_object().contains("sid"))
    value->get_object()["sid"] = kRedacted;
  redact(*value);
  return json::serialize(*value);
}

std::size_t count_digits(std::string_view text) {
  return std::min(text.find_first_not_of("0123456789"), text.size());
}

// packet := type [attachments '-'] ['/' nsp ','] [ack id] [json]
void view_message(std::string_view text, PacketView& view) {
  const auto digit = text.empty() ? kSocketTypes.size() : static_cast<std::size_t>(text.front() - '0');
  if (digit >= kSocketTypes.size()) {
    view.text = size_only(text.size());
    return;
  }
  view.type = kSocketTypes[digit];
  text.remove_prefix(1);
  std::string head;
  if (const std::size_t digits = count_digits(text); digit >= 5 && text.substr(digits).starts_with('-')) {
    head = std::string(text.substr(0, digits)) + " attachments ";
    text.remove_prefix(digits + 1);
  }
  view.nsp = "/";
  if (text.starts_with('/')) {
    const std::size_t comma = std::min(text.find(','), text.size());
    const std::string_view name = text.substr(0, comma);
    view.nsp = without_tokens(name.substr(0, name.find('?')));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  if (const std::size_t digits = count_digits(text); digits > 0 && digits < text.size()) {
    head += "id " + std::string(text.substr(0, digits)) + ' ';
    text.remove_prefix(digits);
  }
  view.text = head + redacted_json(text);
}

}  // namespace

PacketView view_of_packet(std::string_view packet) {
  PacketView view;
  view.bytes = packet.size();
  if (packet.starts_with('b')) {
    view.engine = "message";
    view.text = "binary, in base64";
    return view;
  }
  const auto digit = packet.empty() ? kEngineTypes.size() : static_cast<std::size_t>(packet.front() - '0');
  if (digit >= kEngineTypes.size()) {
    view.engine = "unknown";
    return view;
  }
  view.engine = kEngineTypes[digit];
  const std::string_view data = packet.substr(1);
  if (view.engine == "message") {
    view_message(data, view);
  } else if (view.engine == "open") {
    view.text = redacted_json(data, true);
  } else {
    view.text = data.size() > kShownData ? size_only(data.size()) : without_tokens(data);
  }
  return view;
}

class LoggedConnection final : public PacketTrace {
 public:
  LoggedConnection(PacketLog& all, std::uint64_t number, bool wanted) noexcept
      : all_(all), number_(number), wanted_(wanted) {}

  void add(PacketLog::Line line) {
    if (wanted_) return all_.write(line);
    if (line.packet.text.size() > observe::kLongestText) line.packet.text.resize(observe::kLongestText + 1);
    if (held_.size() < kHeldLines) held_.push_back(std::move(line));
  }

  void text(Direction direction, TransportKind transport, std::string_view packet) override {
    add({number_, word_of(direction), to_string(transport), view_of_packet(packet)});
  }
  void binary(Direction direction, TransportKind transport, std::size_t bytes) override {
    add({number_, word_of(direction), to_string(transport), {"message", {}, {}, "binary", bytes}});
  }
  bool named(std::string_view kind, std::string_view name) override {
    if (!wanted_ && !all_.filter_.includes(kind, name)) return false;
    wanted_ = true;
    for (const auto& line : std::exchange(held_, {})) all_.write(line);
    if (all_.admit())
      all_.log_.info("packets: logged in", {{"connection", number_}, {"kind", kind}, {"name", name}});
    return true;
  }
  void closed(engineio::CloseReason reason) override {
    if (wanted_ && all_.admit())
      all_.log_.info("packets: connection ended", {{"connection", number_}, {"reason", to_string(reason)}});
  }

 private:
  static std::string_view word_of(Direction direction) noexcept {
    return direction == Direction::in ? "in" : "out";
  }

  PacketLog& all_;
  std::uint64_t number_;
  bool wanted_;
  std::vector<PacketLog::Line> held_;  // until it is known whether the connection is wanted
};

PacketLog::PacketLog(PacketFilter filter, observe::Log& log, const Clock& clock, observe::Metrics& metrics)
    : filter_(std::move(filter)),
      log_(log),
      clock_(clock),
      left_out_total_(metrics.counter("togglecast_packet_lines_left_out_total",
                                      "Lines of --log-packets left out because there were too many.")) {}

std::unique_ptr<PacketTrace> PacketLog::trace(const engineio::Handshake& handshake,
                                              std::string_view transport) {
  const auto verdict = filter_.judge(handshake.peer.address);
  if (verdict == PacketFilter::Verdict::no) return nullptr;
  const std::uint64_t number = 1 + connections_.fetch_add(1, std::memory_order_relaxed);
  const bool wanted = verdict == PacketFilter::Verdict::yes;
  auto made = std::make_unique<LoggedConnection>(*this, number, wanted);
  const std::size_t mark = std::min(handshake.url.find('?'), handshake.url.size() - 1);
  made->add(
      {number,
       "in",
       transport,
       {"handshake",
        {},
        {},
        "from " + handshake.peer.address + ", query " + redacted_query(handshake.url.substr(mark + 1))}});
  return made;
}

bool PacketLog::admit() {
  std::uint64_t left_out = 0;
  {
    const std::scoped_lock lock(mutex_);
    if (bucket_.take(kRate, clock_.now()) != Milliseconds{0}) {
      ++left_out_;
      left_out_total_.add();
      return false;
    }
    left_out = std::exchange(left_out_, 0);
  }
  if (left_out > 0) log_.warn("packets: lines left out, there were too many", {{"lines", left_out}});
  return true;
}

void PacketLog::write(const Line& line) {
  if (!admit()) return;
  const PacketView& packet = line.packet;
  log_.info("packet", {{"connection", line.connection},
                       {"direction", line.direction},
                       {"transport", line.transport},
                       {"engine", packet.engine},
                       {"type", packet.type},
                       {"nsp", packet.nsp},
                       {"bytes", packet.bytes},
                       {"text", packet.text}});
}

}  // namespace togglecast::app
