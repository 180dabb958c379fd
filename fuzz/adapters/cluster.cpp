// Messages of other servers of a Socket.IO cluster (adapters/codec). The first byte chooses the reader.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "adapters/codec/classic_codec.hpp"
#include "adapters/codec/cluster_codec.hpp"
#include "adapters/codec/python_codec.hpp"
#include "support/property.hpp"
#include "wire/socketio/packet.hpp"

namespace togglecast::fuzz {
namespace {

using adapters::Message;

constexpr adapters::PackedLimits kLimits{.bytes = 8'192, .depth = 32, .values = 1'000};

void check_event(const adapters::Arguments& event) {
  require(!event.values.empty(), "an event has a name");
  require(
      event.attachments.empty() || wire::socketio::attachments_of(event) <= wire::socketio::kMostAttachments,
      "no more attachments than clients take");
}

template <typename Read>
auto bounded(Read&& read) {
  std::optional<decltype(read())> result;
  const std::size_t allocated = allocated_by([&] { result = read(); });
  require(allocated < (4U << 20U), "memory is bounded by the limits");
  return *std::move(result);
}

void check_message(const Message& message) {
  if (const auto* event = std::get_if<adapters::EventMessage>(&message.body)) check_event(event->event);
  if (const auto* event = std::get_if<adapters::ServerEventMessage>(&message.body)) check_event(event->event);
}

/// What is written from a message reads back, and from then on as the same text. Parts that no placeholder
/// names are lost at the first writing.
void check_cluster(const std::optional<Message>& message) {
  if (!message) return;
  check_message(*message);
  const std::string first = adapters::write_cluster_text(*message);
  if (first.empty()) return;
  const auto again = adapters::read_cluster(first);
  require(again.has_value() && again->has_value(), "what is written is read");
  const std::string second = adapters::write_cluster_text(**again);
  const auto once_more = adapters::read_cluster(second);
  require(once_more.has_value() && once_more->has_value(), "what is written is read");
  require(adapters::write_cluster_text(**once_more) == second, "written, read and written again the same");
}

void check_stream(std::string_view bytes) {
  const std::size_t end = std::min(bytes.find('\n'), bytes.size());
  const adapters::StreamFields fields{{"uid", "u"},
                                      {"nsp", "/"},
                                      {"type", std::string(bytes.substr(0, end))},
                                      {"data", std::string(bytes.substr(std::min(end + 1, bytes.size())))}};
  const auto read = bounded([&] { return adapters::read_stream_entry(fields, kLimits); });
  if (read) check_cluster(*read);
}

void check(char reader, std::string_view bytes) {
  switch (reader) {
    case 'b': {
      const auto read = bounded([&] { return adapters::read_classic_broadcast(bytes, kLimits); });
      if (!read) return;
      check_message(*read);
      const auto again = adapters::read_classic_broadcast(adapters::write_classic_broadcast(*read));
      require(again.has_value(), "a broadcast that is written is read");
      return;
    }
    case 'q': {
      const auto read = bounded([&] { return adapters::read_classic_request(bytes, "/", kLimits); });
      if (read && *read) check_message(**read);
      return;
    }
    case 'r': {
      const auto read = bounded([&] { return adapters::read_classic_response(bytes, "/", kLimits); });
      if (read && *read) check_message(**read);
      return;
    }
    case 's':
      check_stream(bytes);
      return;
    case 'k': {
      const auto read = bounded([&] { return adapters::read_session(bytes, kLimits); });
      if (read)
        require(adapters::read_session(adapters::write_session(*read)).has_value(), "sessions come back");
      return;
    }
    case 'p': {
      const auto read = bounded([&] { return adapters::read_python(bytes, kLimits); });
      if (!read || !*read) return;
      if (const auto* emit = std::get_if<adapters::PythonEmit>(&(*read)->body))
        check_event(emit->message.event);
      return;
    }
    default: {
      const auto read = bounded([&] { return adapters::read_cluster(bytes, kLimits); });
      if (read) check_cluster(*read);
    }
  }
}

}  // namespace
}  // namespace togglecast::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  togglecast::fuzz::check(bytes.front(), bytes.substr(1));
  return 0;
}
